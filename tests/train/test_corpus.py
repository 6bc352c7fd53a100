from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.train.conftest import RECIPES
from train.corpus import judge
from train.corpus.build import build, read_documents
from train.corpus.clean import clean
from train.corpus.document import Document
from train.corpus.split import position
from train.files import Run, StageError
from train.recipe import Recipe, RecipeError, load

LONG = "يعاني المريض من ألم شديد في الصدر منذ يومين"


def document(text: str, name: str = "a") -> Document:
    return Document(id=name, text=text, source="s", licence="CC0-1.0", ref="r")


def row(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "source": "s", "licence": "CC0-1.0", "ref": "r", "text": text, **more}


def recipe_on(tmp_path: Path, source: str, **corpus: Any) -> Recipe:
    text = (RECIPES / "smoke-base.yaml").read_text(encoding="utf-8")
    text = text.replace("../../assets/sample/documents.jsonl", source)
    text = text.replace("        where: {kind: encyclopaedia}\n", "")
    for key, value in corpus.items():
        text = text.replace("    licences:", f"    {key}: {value}\n    licences:")
    path = tmp_path / "smoke-base.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def write_lines(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>ألم&nbsp;في <b>الصدر</b></p>", "ألم في الصدر"),
        ("راسلوني علىali@clinic-x.net الآن", "راسلوني على الآن"),
        ("انظر https://x.org/a?b=1 للمزيد", "انظر للمزيد"),
        ("ألمممممم شديييييد جداً", "ألمم شدييد جداً"),
        ("السُّكَّري ١٢٠/٨٠ و 500 mg", "السُّكَّري ١٢٠/٨٠ و 500 mg"),
        ("100000 وحدة", "100000 وحدة"),
        ("ضغط < 90 و > 140", "ضغط < 90 و > 140"),
        ("ا\u0653لام\u200f \u202bالرأس\u202c", "آلام الرأس"),
        ("سطر  أول \n\n\n سطر\tثان ", "سطر أول\nسطر ثان"),
    ],
)
def test_cleaning_takes_noise_and_leaves_meaning(before: str, after: str) -> None:
    assert clean(before) == after
    assert clean(after) == after


def test_doses_that_differ_are_not_duplicates_and_harakat_do_not_differ() -> None:
    same = judge.exact_duplicate()
    assert same(document("خذ 500 mg بعد الأكل.", "a")) == ""
    assert same(document("خذ 50 mg بعد الأكل.", "b")) == ""
    assert same(document("خُذ ٥٠٠ mg بعد الأكل.", "c")) == ""
    assert same(document("خُذْ  500 MG بعد الأكل", "d")) == "duplicate of a"


def test_quality_names_its_reasons() -> None:
    rule = judge.quality(5, 0.5)
    assert rule(document(LONG)) == ""
    assert rule(document("ألم شديد")) == "too short"
    assert rule(document("the patient has pain in the chest و ألم")) == "little Arabic"
    assert rule(document("خد metformin 500 mg بعد الأكل مرتين")) == ""


def test_licence_is_a_gate() -> None:
    rule = judge.licence(["CC0-1.0"])
    assert rule(document(LONG)) == ""
    other = document(LONG)
    other.licence = "CC BY-NC-SA 4.0"
    assert rule(other) == "licence CC BY-NC-SA 4.0"


def test_a_family_stays_on_its_side_when_documents_are_added(tmp_path: Path) -> None:
    rows = [row(f"d{i}", f"{LONG} رقم {i}") for i in range(60)]
    write_lines(tmp_path / "d.jsonl", rows)
    recipe = recipe_on(tmp_path, "d.jsonl\n        block: 4", test="0.3")
    build(Run(recipe, tmp_path), lambda _: None)
    before = {
        p: [d.id for d in read_documents(Run(recipe, tmp_path), p)]
        for p in ("train", "dev", "test")
    }
    assert sum(map(len, before.values())) == 60 and all(before.values())
    for ids in before.values():  # blocks of four neighbours are never parted
        assert {int(i[1:]) // 4 * 4 + k for i in ids for k in range(4)} == {int(i[1:]) for i in ids}
    rows += [row(f"d{i}", f"{LONG} رقم {i}") for i in range(60, 80)]
    write_lines(tmp_path / "d.jsonl", rows)
    build(Run(recipe, tmp_path), lambda _: None)
    for part, ids in before.items():
        assert set(ids) <= {d.id for d in read_documents(Run(recipe, tmp_path), part)}


def test_positions_are_spread_evenly() -> None:
    from scipy import stats

    draws = [position(f"f{i}", 13) for i in range(3000)]
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


def test_every_dropped_document_is_kept_with_its_reason(tmp_path: Path) -> None:
    rows = [row(f"d{i}", f"{LONG} رقم {i}") for i in range(30)]
    rows += [
        row("short", "ألم"),
        row("twin", f"{LONG}، رقم 3"),
        row("closed", LONG, licence="none stated"),
        row("latin", "a b c d e f g h"),
    ]
    write_lines(tmp_path / "d.jsonl", rows)
    run = Run(recipe_on(tmp_path, "d.jsonl", test="0.2"), tmp_path)
    build(run, lambda _: None)
    reasons = {r["id"]: r["reason"] for r in pq.read_table(run.excluded).to_pylist()}
    assert reasons == {
        "short": "too short",
        "twin": "duplicate of d3",
        "closed": "licence none stated",
        "latin": "little Arabic",
    }
    manifest = json.loads(run.manifest.read_text(encoding="utf-8"))
    funnel = manifest["sources"]["s"]
    assert funnel["read"] == 34 == manifest["documents"] + manifest["excluded"]
    assert funnel["excluded"] == {
        "too short": 1,
        "duplicate": 1,
        "licence none stated": 1,
        "little Arabic": 1,
    }


def test_a_done_corpus_is_kept_and_a_changed_source_is_read_anew(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", f"{LONG} {i}") for i in range(40)])
    run = Run(recipe_on(tmp_path, "d.jsonl", test="0.2"), tmp_path)
    said: list[str] = []
    build(run, said.append)
    build(run, said.append)
    assert "up to date" in said[1]
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", f"{LONG} {i}") for i in range(41)])
    build(run, said.append)
    assert "41 documents" in said[2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "a"\n', "d.jsonl, row 1"),
        (json.dumps(row("a", LONG)).encode() + b"\n\xff\xfe\n", "d.jsonl, row 2"),
        (b"[1]\n", "row 1: not a JSON object"),
        (json.dumps({**row("a", LONG), "licence": None}).encode(), "column licence"),
        (b'{"id": "a", "text": "b"}\n', "column source is missing or not text"),
        (json.dumps({**row("a", LONG), "title": 5}).encode(), "column title"),
        (json.dumps({**row("a", LONG), "text": 5}).encode(), "column text"),
        (json.dumps(row("a", LONG + "\ud83d")).encode(), "half a character"),
        ('{"text": "ألم"}'.encode("cp1256"), "not UTF-8; iconv -f windows-1256"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "d.jsonl").write_bytes(content)
    with pytest.raises(RecipeError) as error:
        build(Run(recipe_on(tmp_path, "d.jsonl"), tmp_path))
    assert said in str(error.value)


def test_blank_lines_a_bom_and_empty_texts_are_borne(tmp_path: Path) -> None:
    lines = [json.dumps(row(f"d{i}", f"{LONG} {i}"), ensure_ascii=False) for i in range(40)]
    lines += ["", json.dumps({**row("none", ""), "text": None}), json.dumps(row("e", "")), "  "]
    (tmp_path / "d.jsonl").write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    run = Run(recipe_on(tmp_path, "d.jsonl", test="0.2"), tmp_path)
    build(run, lambda _: None)
    reasons = {r["id"]: r["reason"] for r in pq.read_table(run.excluded).to_pylist()}
    assert reasons == {"none": "empty", "e": "empty"}


def test_what_the_base_was_built_on_is_left_out(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", f"{LONG} {i}") for i in range(40)])
    base = recipe_on(tmp_path, "d.jsonl", test="0.2")
    write_lines(tmp_path / "e.jsonl", [row(f"e{i}", f"{LONG}، {i}") for i in range(38, 80)])
    text = (RECIPES / "smoke.yaml").read_text(encoding="utf-8")
    text = text.replace("../../assets/sample/documents.jsonl", "e.jsonl")
    text = text.replace("        where: {kind: consultation}\n", "")
    (tmp_path / "smoke.yaml").write_text(text, encoding="utf-8")
    run = Run(load(tmp_path / "smoke.yaml"), tmp_path)
    build(run, lambda _: None)
    reasons = {r["id"]: r["reason"] for r in pq.read_table(run.excluded).to_pylist()}
    assert reasons == dict.fromkeys(("e38", "e39"), "duplicate of the base's corpus")
    assert Run(base, tmp_path).documents.exists()


def test_a_relative_data_folder_is_that_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data [1]").mkdir()
    write_lines(tmp_path / "data [1]" / "d.jsonl", [row(f"d{i}", f"{LONG} {i}") for i in range(40)])
    (tmp_path / "my recipes [a]").mkdir()
    recipe = recipe_on(tmp_path / "my recipes [a]", "${VIOBERT_DATA}/*.jsonl", test="0.2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIOBERT_DATA", "data [1]")
    build(Run(recipe, tmp_path), lambda _: None)
    assert len(read_documents(Run(recipe, tmp_path), "train")) > 20
    monkeypatch.setenv("VIOBERT_DATA", "nowhere")
    with pytest.raises(RecipeError, match=str(tmp_path / "nowhere")):
        build(Run(recipe, tmp_path), lambda _: None)


def test_a_truncated_parquet_file_is_named(tmp_path: Path) -> None:
    whole = tmp_path / "d.parquet"
    pq.write_table(pa.Table.from_pylist([row("a", LONG)]), whole)
    whole.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(RecipeError, match=r"d\.parquet: not a whole parquet file"):
        build(Run(recipe_on(tmp_path, "d.parquet"), tmp_path))


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no file at .*none-\*\.parquet"):
        build(Run(recipe_on(tmp_path, "none-*.parquet"), tmp_path))


def test_nothing_left_to_train_on_is_said(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row("a", "قصير")])
    with pytest.raises(StageError, match="no document is left to train on .*too short 1"):
        build(Run(recipe_on(tmp_path, "d.jsonl"), tmp_path))


def test_one_id_for_two_documents_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row("a", f"{LONG} {i}") for i in range(3)])
    with pytest.raises(StageError, match="id a stands 3 times"):
        build(Run(recipe_on(tmp_path, "d.jsonl"), tmp_path))
