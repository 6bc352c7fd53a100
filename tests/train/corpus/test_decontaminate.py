from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import dill
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from train.corpus import decontaminate
from train.corpus.decontaminate import Contamination, Report, files, items, tag
from train.corpus.document import Document
from train.corpus.hashing import word_hashes
from train.corpus.overlap import Index
from train.corpus.sources.errors import SourceError
from train.recipe import Recipe, RecipeError, load
from viobert.text import key, words

QUESTION = "مريض في الخمسين يشكو من ألم صدري ضاغط يزداد مع الجهد ويزول بالراحة فما التشخيص الأرجح"
OPTIONS = ["ذبحة صدرية مستقرة", "التهاب التامور", "انصمام رئوي", "ارتجاع المريء"]
MORE = "تناولت مسكنًا خفيفًا أمس بعد العشاء ولم أشعر بعده بتحسن يذكر وما زال الصداع معي"
FILLER = "ثم مضى الطبيب إلى غرفته وكتب في الملف ما رآه من علامات ونتائج قبل أن يطلب صورة للصدر"


def recipe_with(tmp_path: Path, sets: list[dict[str, Any]], **more: Any) -> Recipe:
    corpus = {"sources": [{"path": "d.jsonl"}], "evaluation_sets": sets, "pii": False, **more}
    what = {"corpus": corpus, "training": {"steps": 300}, "base": "x/y@0"}
    path = tmp_path / "r.yaml"
    path.write_text(json.dumps({"name": "r", "what": what}), encoding="utf-8")
    return load(path)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def document(text: str, name: str = "d", **more: str) -> Document:
    about = {"source": "s", "licence": "CC0-1.0", "ref": "r", **more}
    return Document(id=name, text=text, **about)


def found(texts: dict[str, str] | list[str], document: str, common: int = 10) -> dict[str, Any]:
    """item → (kind, share) for a document against one set."""
    named = texts if isinstance(texts, dict) else {str(i): t for i, t in enumerate(texts)}
    index = Index.build([("set", item, text) for item, text in named.items()], common)
    return {m.item: (m.kind, m.share) for m in index.matches(word_hashes(document))}


# What the index must find, in plain Python ---------------------------------------------------


def plain(text: str) -> list[str]:
    folded = key(text)
    return [folded[i:j] for i, j in words(folded)]


def grams(tokens: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def oracle(texts: list[str], document: str, common: int) -> dict[str, Any]:
    items: dict[tuple[str, ...], str] = {}
    for i, text in enumerate(texts):
        if plain(text):
            items.setdefault(tuple(plain(text)), str(i))
    holders: dict[tuple[str, ...], set[str]] = {}
    for tokens, name in items.items():
        for gram in grams(list(tokens), 8):
            holders.setdefault(gram, set()).add(name)
    boilerplate = {gram for gram, names in holders.items() if len(names) > common}
    doc = plain(document)
    doc8, doc13 = set(grams(doc, 8)), set(grams(doc, 13))
    result = {}
    for tokens, name in items.items():
        own = grams(list(tokens), 8)
        telling = [gram for gram in own if gram not in boilerplate]
        held = [gram for gram in telling if gram in doc8]
        within = len(tokens) >= 8 and tokens in set(grams(doc, len(tokens)))
        if tokens == tuple(doc) or within:
            result[name] = ("exact", 1.0)
        elif any(g in doc13 and not boilerplate & set(grams(list(g), 8))
                 for g in grams(list(tokens), 13)):  # fmt: skip
            result[name] = ("13-gram", round(len(held) / len(telling), 4))
        elif held:
            result[name] = ("8-gram", round(len(held) / len(telling), 4))
    return result


@pytest.mark.parametrize("common", [1, 3, 1000])
def test_matches_agree_with_sets_of_word_ngrams(common: int) -> None:
    chance = random.Random(common)
    vocabulary = ["ألم", "صَدْر", "5", "mg", "السكري", "ضغط", "لا", "بعد"]
    pool = [[chance.choice(vocabulary) for _ in range(60)] for _ in range(6)]

    def cut(least: int, most: int) -> str:
        parts = []
        for _ in range(chance.randint(1, 3)):
            source, length = chance.choice(pool), chance.randint(least, most)
            start = chance.randint(0, 60 - length)
            parts += source[start : start + length]
        return " ".join(parts)

    texts = [cut(1, 16) for _ in range(80)] + ["", "؟!"]
    kinds = set()
    for _ in range(80):
        text = chance.choice([cut(1, 20), cut(10, 50), chance.choice(texts)])
        expected = oracle(texts, text, common)
        assert found(texts, text, common) == expected
        kinds |= {kind for kind, _ in expected.values()}
    assert kinds == {"exact", "13-gram", "8-gram"}


# One rule after the other --------------------------------------------------------------------


def test_an_item_within_a_long_document_is_found() -> None:
    text = f"{FILLER}. {FILLER} {QUESTION}؟ {FILLER}"
    assert found([QUESTION], text) == {"0": ("exact", 1.0)}


def test_harakat_tatweel_hamza_case_and_punctuation_hide_no_leak() -> None:
    hidden = (
        "مَرِيضٌ — في الخمسيـــن؛ يشكو من (ألمٍ صدريٍّ) ضاغط، يزداد مع الجهد\n"
        "ويزول بالراحة. فما التشخيص الارجح؟!"
    )
    assert found([QUESTION], hidden) == {"0": ("exact", 1.0)}
    latin = "Take METFORMIN 500 mg twice a day after food"
    assert found([latin], "take metformin (500 mg), twice a day after food") == found(
        [latin], latin
    )


def test_another_dose_is_another_item() -> None:
    short = "خذ قرص أسبرين 100 mg كل يوم بعد الأكل"
    assert found([short], short.replace("100", "75")) == {}


def test_a_changed_clitic_does_not_hide_the_rest() -> None:
    changed = QUESTION.replace("ألم", "بألم")
    share = found([QUESTION], f"{FILLER} {changed}")["0"]
    assert share[0] == "8-gram" and 0.2 < share[1] < 0.5
    late = QUESTION.replace("الأرجح", "والأرجح")
    assert found([QUESTION], late)["0"][0] == "13-gram"


def test_a_short_item_matches_only_the_document_that_it_is() -> None:
    assert found(["ما علاج الصداع النصفي"], "ما عِلاج الصُّداع النصفي؟") == {"0": ("exact", 1.0)}
    assert found(["ما علاج الصداع النصفي"], f"ما علاج الصداع النصفي؟ {FILLER}") == {}


def test_items_of_the_same_words_count_once_under_the_first_id() -> None:
    texts = {"a": QUESTION, "b": QUESTION + "؟", "c": FILLER}
    assert found(texts, QUESTION) == {"a": ("exact", 1.0)}


def test_a_phrase_of_many_items_condemns_nobody() -> None:
    phrase = "أي مما يلي يعد من الأعراض الشائعة التي ترافق في العادة مرض"
    diseases = [f"{phrase} {a} {b} المزمن" for a in ("الكلى", "الكبد", "القلب")
                for b in ("الحاد", "الخفيف", "الوراثي", "العصبي")]  # fmt: skip
    about = f"{phrase} السل الرئوي عند الأطفال"
    assert found(diseases, about, common=10) == {}
    assert found(diseases, about, common=12) != {}
    # but an item that stands there whole is found all the same
    whole = found(diseases, f"{FILLER} {diseases[5]}", common=10)
    assert whole.pop("5") == ("exact", 1.0)
    # the three others on the liver share the phrase and one word: too little
    assert whole == dict.fromkeys("467", ("8-gram", 0.3333))


def test_boilerplate_of_one_set_is_not_that_of_another() -> None:
    phrase = "السلام عليكم ورحمة الله وبركاته عندي سؤال عن حالة"
    rows = [("many", str(i), f"{phrase} مرضية رقم {i}") for i in range(12)]
    index = Index.build([*rows, ("one", "x", f"{phrase} أمي")], {"many": 5, "one": 5})
    matches = index.matches(word_hashes(f"{phrase} أبي"))
    assert [(m.name, m.item, m.kind) for m in matches] == [("one", "x", "8-gram")]


# Items from files ----------------------------------------------------------------------------


def test_columns_are_joined_and_options_may_be_lists(tmp_path: Path) -> None:
    rows = [
        {"id": "q1", "question": QUESTION, "options": OPTIONS},
        {"id": "q2", "question": "<b>سؤال</b>", "options": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "q.parquet")
    lines = [
        {"question": "سؤال", "options": {"A": "نعم", "B": "لا"}},
        {"question": "", "options": []},
    ]
    write_lines(tmp_path / "q.jsonl", lines)
    (tmp_path / "q.csv").write_text("id,question,options\n7,سؤال,نعم\n", encoding="utf-8")
    columns = ["question", "options"]
    sets = [{"name": s, "path": f"q.{s}", "columns": columns} for s in ("parquet", "jsonl", "csv")]
    read = [(d.source, d.id, d.text) for d in items(recipe_with(tmp_path, sets))]
    assert read == [
        ("parquet", "q1", "\n".join([QUESTION, *OPTIONS])),
        ("parquet", "q2", "سؤال"),
        ("jsonl", "1", "سؤال\nنعم\nلا"),
        ("jsonl", "2", ""),
        ("csv", "7", "سؤال\nنعم"),
    ]


def test_conll_files_are_read_by_sentence(tmp_path: Path) -> None:
    text = "-DOCSTART- O\n\nزارت B-X I-Y\nالطبيبة O\n. O\n\n\nخرج\tO\r\nالمريض\tB-PERS"
    (tmp_path / "ner_test.txt").write_text(text, encoding="utf-8")
    (tmp_path / "ner_val.txt").write_text("نام O\n\n", encoding="utf-8")
    recipe = recipe_with(tmp_path, [{"name": "ner", "path": "ner_*.txt"}])
    assert [p.name for p in files(recipe, recipe.what.corpus.evaluation_sets[0])] == [
        "ner_test.txt", "ner_val.txt",
    ]  # fmt: skip
    assert [(d.id, d.text) for d in items(recipe)] == [
        ("ner_test:1", "زارت الطبيبة ."),
        ("ner_test:2", "خرج المريض"),
        ("ner_val:1", "نام"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("s.txt", "زارت O\nالطبيبة\n", r"s\.txt, row 2: not CoNLL"),
        ("s.txt", "\n\n", r"s\.txt: the file holds no sentence"),
        ("s.jsonl", '{"question": "a"}\n', r"s\.jsonl, row 1: no column text; there are question"),
        ("s.jsonl", '{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n', "row 2: id 1 stands twice"),
        ("other.txt", "a O\n", r"evaluation set s: no file at .*s\.\*"),
    ],
)
def test_a_set_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(RecipeError, match=said) as error:
        list(items(recipe_with(tmp_path, [{"name": "s", "path": "s.*"}])))
    assert "\n" not in str(error.value)
    assert isinstance(error.value, SourceError) or name == "other.txt"


# The step and the report ---------------------------------------------------------------------


def two_sets(tmp_path: Path) -> Recipe:
    exam = [{"id": f"q{i}", "text": f"{i} {QUESTION[30 * i :]}"} for i in range(3)]
    exam += [{"id": "twin", "text": f"{0}، {QUESTION}؟"}]
    forum = [
        {"id": i, "text": f"دكتور {MORE} وسؤالي رقم {i} هل هذا خطير على الحامل"} for i in (1, 2)
    ]
    write_lines(tmp_path / "exam.jsonl", exam)
    write_lines(tmp_path / "forum.jsonl", forum)
    sets = [{"name": "exam", "path": "exam.jsonl"},
            {"name": "forum", "path": "forum.jsonl", "action": "report", "cover": 0.9}]  # fmt: skip
    return recipe_with(tmp_path, sets)


def test_the_step_drops_for_one_set_and_only_tags_for_another(tmp_path: Path) -> None:
    recipe = two_sets(tmp_path)
    both = f"{next(items(recipe)).text} {MORE}"
    step = dill.loads(dill.dumps(Contamination(recipe)))
    forum = list(items(recipe))[-1].text
    documents = [
        document(t) for t in (f"قال {both} ثم مضى", f"{forum} نعم", "لا علاقة لهذا النص بشيء")
    ]
    assert list(step.run(documents)) == documents
    assert [d.reason for d in documents] == ["contaminated: exam", "", ""]
    tags = documents[0].metadata["contamination"]
    assert tags[0] == ["exam", "q0", "exact", 1.0]
    assert {t[0] for t in tags} == {"exam", "forum"} and all(len(t) == 4 for t in tags)
    assert documents[1].metadata["contamination"][0] == ["forum", "2", "exact", 1.0]
    assert documents[2].metadata == {}
    assert len(dill.dumps(step)) < 20_000  # the index stays behind


@pytest.mark.parametrize(("cover", "dropped"), [(0.3, True), (0.5, False)])
def test_the_share_of_8_grams_that_condemns_is_the_recipes(
    tmp_path: Path, cover: float, dropped: bool
) -> None:
    write_lines(tmp_path / "s.jsonl", [{"text": QUESTION}])
    recipe = recipe_with(tmp_path, [{"name": "s", "path": "s.jsonl", "cover": cover}])
    one = document(" ".join(QUESTION.split()[:10]) + " " + FILLER)  # 3 of 9 8-grams
    Contamination(recipe).apply(one)
    assert one.metadata["contamination"] == [["s", "1", "8-gram", 0.3333]]
    assert bool(one.reason) is dropped


def test_the_index_is_made_once_and_anew_when_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = two_sets(tmp_path)
    folder = tmp_path / "work"
    first = decontaminate.index(recipe, folder)
    monkeypatch.setattr(decontaminate, "_held", {})  # as in another process
    monkeypatch.setattr(decontaminate, "_build", lambda _: pytest.fail("built again"))
    again = decontaminate.index(recipe, folder)
    hashes = word_hashes(next(items(recipe)).text)
    assert again is not first and again.matches(hashes) == first.matches(hashes) != []
    monkeypatch.undo()
    write_lines(tmp_path / "exam.jsonl", [{"id": "new", "text": QUESTION}])
    changed = decontaminate.index(recipe, folder).matches(word_hashes(QUESTION))
    assert [m.item for m in changed] == ["new"]


def test_tags_are_bounded_and_the_strongest_stay() -> None:
    one = document("نص")
    for i in range(decontaminate.MOST + 5):
        tag(one, "s", str(i), "8-gram", 0.1)
    tag(one, "s", "whole", "exact", 1.0)
    tag(one, "s", "near", "near-duplicate", 0.91234)
    tags = one.metadata["contamination"]
    assert tags[:2] == [["s", "whole", "exact", 1.0], ["s", "near", "near-duplicate", 0.9123]]
    assert len(tags) == decontaminate.MOST and one.metadata["contamination_more"] == 7
    assert json.loads(json.dumps(one.metadata)) == one.metadata


def test_the_report_counts_items_and_documents_and_lists_every_match(tmp_path: Path) -> None:
    recipe = two_sets(tmp_path)
    report = Report(recipe)
    evaluation = list(items(recipe))
    forum = evaluation[-1].text
    step = Contamination(recipe)
    texts = {"leak": evaluation[0].text, "asked": f"{forum} لا", "again": forum, "old": forum,
             "weak": " ".join(forum.split()[:9]), "clean": "نص لا علاقة له بأي سؤال"}  # fmt: skip
    documents = {name: document(text, name) for name, text in texts.items()}
    for one in evaluation:
        report.add(one, "evaluation")
    for name, split in zip(documents, ("", "train", "dev", "", "train", "train"), strict=True):
        one = documents[name]
        step.apply(one)
        if name == "clean":
            tag(one, "forum", "1", "near-duplicate", 0.85)
        one.split = "" if one.reason else split
        report.add(one, "earlier" if name == "old" else "new")
    summary = report.summary()
    assert summary["exam"]["items"] == 4 and summary["forum"]["items"] == 2
    assert summary["exam"]["kinds"]["exact"] == 2  # q0 and its twin
    assert (summary["exam"]["removed"], summary["exam"]["in_train"]) == (1, 0)
    assert summary["forum"] == {
        "action": "report", "items": 2, "contaminated": 2, "in_train": 2,
        "kinds": {"exact": 1, "near-duplicate": 1, "13-gram": 0, "8-gram": 0},
        "documents": 4, "removed": 0, "cut_short": 0,
    }  # fmt: skip
    report.write(tmp_path / "contamination.parquet")
    rows = pq.read_table(tmp_path / "contamination.parquet").to_pylist()
    exact = {
        (r["item"], r["document"], r["part"], r["counts"]) for r in rows if r["kind"] == "exact"
    }
    assert exact == {
        ("q0", "leak", "left out", True), ("twin", "leak", "left out", True),
        ("2", "asked", "train", True), ("2", "again", "dev", True), ("2", "old", "earlier", True),
    }  # fmt: skip
    weak = [r for r in rows if r["document"] == "weak"]
    assert weak and all(r["kind"] == "8-gram" and not r["counts"] for r in weak)


def test_a_report_of_nothing_is_a_whole_file(tmp_path: Path) -> None:
    report = Report(two_sets(tmp_path))
    report.write(tmp_path / "contamination.parquet")
    table = pq.read_table(tmp_path / "contamination.parquet")
    assert table.num_rows == 0 and "item" in table.column_names
    assert report.summary()["exam"]["contaminated"] == 0
