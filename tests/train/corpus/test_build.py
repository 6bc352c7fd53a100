"""The corpus stage as a whole, on small corpora in every shape that it has to bear."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datatrove.executor.local import LocalPipelineExecutor
from scipy import stats

from tests.train.conftest import RECIPES
from tests.train.corpus.making import LONG, kept, reasons, recipe, row, text, write_lines
from train.corpus import executor
from train.corpus.build import build, verify
from train.corpus.made import read_documents
from train.corpus.split import position
from train.files import Run, StageError
from train.recipe import RecipeError, load

PARTS = ("train", "dev", "test")


def made(folder: Path, rows: list[object], name: str = "d.jsonl", **corpus: object) -> Run:
    """Build the corpus of one file."""
    write_lines(folder / name, rows)
    how = corpus.pop("how", None)
    source = {"path": name, **corpus.pop("source", {})}
    run = Run(recipe(folder, [source], how, **corpus), folder / "runs")
    build(run, lambda _: None)
    return run


def sides(run: Run) -> dict[str, str]:
    return {name: r["split"] for name, r in kept(run).items()}


def test_a_document_stays_on_its_side_when_others_come_before_it(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(60)]
    before = sides(made(tmp_path, rows))
    assert set(before.values()) == set(PARTS)
    more = [row(f"n{i}", text(i)) for i in range(100, 140)]
    after = sides(made(tmp_path, [*more, *reversed(rows)]))
    assert len(after) == 100
    assert {name: after[name] for name in before} == before


def test_neighbours_of_one_block_are_never_parted(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(60)]
    found = sides(made(tmp_path, rows, source={"block": 4}))
    for first in range(0, 60, 4):
        assert len({found[f"d{i}"] for i in range(first, first + 4)}) == 1


def test_text_for_training_only_is_held_out_where_it_repeats_a_held_out_text(
    tmp_path: Path,
) -> None:
    write_lines(tmp_path / "a.jsonl", [row(f"a{i}", text(i)) for i in range(60)])
    longer = [row(f"copy{i}", f"{text(i)} فقط") for i in range(20)]
    own = [row(f"b{i}", text(i)) for i in range(100, 160)]
    write_lines(tmp_path / "b.jsonl", [*longer, *own])
    sources = [{"path": "a.jsonl"}, {"path": "b.jsonl", "train_only": True}]
    runs = [Run(recipe(tmp_path, sources[:n]), tmp_path / f"runs{n}") for n in (1, 2)]
    for run in runs:
        build(run, lambda _: None)
    before, after = map(sides, runs)
    assert {after[r["id"]] for r in own} == {"train"}
    expected = {f"copy{name[1:]}" if int(name[1:]) < 20 else name: s for name, s in before.items()}
    assert {name: side for name, side in after.items() if name[0] != "b"} == expected
    assert {expected[r["id"]] for r in longer} == set(PARTS)


def test_positions_are_spread_evenly() -> None:
    draws = [position(f"f{i}", 13) for i in range(3000)]
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


def test_every_document_left_out_is_kept_with_its_reason(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    rows += [
        row("short", "ألم"),
        row("twin", text(3).replace(" ", "، ")),
        row("other", text(90), licence="CC BY 4.0"),
        row("latin", "a b c d e f g h"),
        row("nearly", text(4) + " فقط"),
        row("empty", ""),
    ]
    run = made(tmp_path, rows, licences=["CC0-1.0"])
    assert reasons(run) == {
        "short": "too short",
        "twin": "duplicate of d3",
        "other": "licence CC BY 4.0",
        "latin": "little Arabic",
        "d4": "near-duplicate of nearly",
        "empty": "empty",
    }
    manifest = json.loads(run.manifest.read_text(encoding="utf-8"))
    source = manifest["sources"]["s"]
    assert source["read"] == 36 == manifest["documents"] + manifest["excluded"]
    assert source["left_out"] == {
        "licence": {"licence CC BY 4.0": 1},
        "quality": {"too short": 1, "little Arabic": 1, "empty": 1},
        "duplicates": {"duplicate": 1},
        "near-duplicates": {"near-duplicate": 1},
    }
    assert source["kept"] == sum(source[part] for part in PARTS) == 30
    stored = kept(run).values()
    assert source["characters"] == sum(len(d["text"]) for d in stored)


def test_of_near_duplicates_the_longest_stays_on_the_side_of_the_first(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i, 60)) for i in range(40)]
    before = sides(made(tmp_path, rows))
    longer = [row(f"long{i}", f"{text(i, 60)} وشكرا جزيلا") for i in range(40)]
    shorter = [row(f"short{i}", text(i, 60).rsplit(" ", 1)[0]) for i in range(40)]
    run = made(tmp_path, [*rows, *longer, *shorter])
    assert sides(run) == {f"long{name[1:]}": side for name, side in before.items()}
    clusters = pq.read_table(run.clusters).to_pylist()
    assert len(clusters) == 80
    for cluster in clusters:
        number = int(cluster["kept"].removeprefix("long"))
        assert cluster["left_out"] in (f"d{number}", f"short{number}")
        one, other = (
            {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
            for words in (
                {r["id"]: r["text"] for r in (*rows, *longer, *shorter)}[name].split()
                for name in (cluster["kept"], cluster["left_out"])
            )
        )
        assert cluster["similarity"] == pytest.approx(len(one & other) / len(one | other))


def test_doses_that_differ_are_not_duplicates(tmp_path: Path) -> None:
    words = "يؤخذ {} من الدواء بعد الأكل"
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    rows += [row("a", words.format("500 mg")), row("b", words.format("50 mg"))]
    rows += [row("c", words.format("500 MG").replace("يؤخذ", "يُؤخَذ") + ".")]
    assert reasons(made(tmp_path, rows)) == {"c": "duplicate of a"}


def test_an_earlier_corpus_is_not_repeated(tmp_path: Path) -> None:
    write_lines(tmp_path / "old.jsonl", [row(f"o{i}", text(i, 60)) for i in range(3)])
    rows = [row(f"d{i}", text(i, 60) + (" فقط لا غير" if i == 2 else "")) for i in range(1, 40)]
    run = made(tmp_path, rows, earlier=["old.jsonl"])
    assert reasons(run) == {"d1": "duplicate of o1", "d2": "near-duplicate of o2"}


def test_what_the_base_was_built_on_is_left_out(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", text(i)) for i in range(40)])
    base = recipe(tmp_path, [{"path": "d.jsonl"}])
    write_lines(tmp_path / "e.jsonl", [row(f"e{i}", f"{text(i)}، .") for i in range(38, 80)])
    whole = (RECIPES / "smoke.yaml").read_text(encoding="utf-8")
    whole = whole.replace("../../assets/sample/documents.jsonl", "e.jsonl")
    whole = whole.replace("        where: {kind: consultation}\n", "")
    whole = whole.replace("smoke-base.yaml", "small.yaml")
    (tmp_path / "smoke.yaml").write_text(whole, encoding="utf-8")
    run = Run(load(tmp_path / "smoke.yaml"), tmp_path)
    build(run, lambda _: None)
    assert reasons(run) == {"e38": "duplicate of d38", "e39": "duplicate of d39"}
    assert Run(base, tmp_path).documents.exists()


def test_text_of_an_evaluation_set_is_found_in_every_shape(tmp_path: Path) -> None:
    items = [{"id": f"q{i}", "text": text(200 + i, 9)} for i in range(4)]
    write_lines(tmp_path / "exam.jsonl", items)
    write_lines(tmp_path / "poll.jsonl", [{"id": "p0", "text": text(300, 40)}])
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    rows += [
        row("same", items[0]["text"].replace(" ", "، ")),
        row("inside", f"{text(50)} {items[1]['text']} {text(51)}"),
        row("changed", f"{items[2]['text'].rsplit(' ', 1)[0]} أخرى"),
        row("listed", text(300, 40)),
    ]
    sets = [
        {"name": "exam", "path": "exam.jsonl", "cover": 1.0},
        {"name": "poll", "path": "poll.jsonl", "action": "report"},
    ]
    run = made(tmp_path, rows, evaluation_sets=sets)
    assert reasons(run) == dict.fromkeys(("same", "inside", "changed"), "contaminated: exam")
    found = pq.read_table(run.contamination).to_pylist()
    assert {(f["set"], f["item"], f["document"]) for f in found} == {
        ("exam", "q0", "same"), ("exam", "q1", "inside"), ("exam", "q2", "changed"),
        ("poll", "p0", "listed"),
    }  # fmt: skip
    kinds = {(f["document"], f["kind"]) for f in found if f["counts"]}
    assert {("same", "exact"), ("inside", "exact"), ("listed", "exact")} < kinds
    assert ("changed", "near-duplicate") in kinds and ("changed", "exact") not in kinds
    card = (run.corpus / "README.md").read_text(encoding="utf-8")
    assert "| exam |" in card and "| poll |" in card


def test_personal_data_is_gone_from_text_and_title(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    secret = "راسلني علىsara.k@clinic-x.net أو اتصل على ٠٥٥١٢٣٤٥٦٧، الجرعة 500 mg والضغط 120/80"
    rows.append(row("p", f"{LONG}. {secret}", title="للتواصل sara.k@clinic-x.net"))
    run = made(tmp_path, rows)
    found = kept(run)["p"]
    for gone in ("sara", "clinic-x", "٠٥٥١٢٣٤٥٦٧"):
        assert gone not in found["text"] + found["title"]
    assert "500 mg" in found["text"] and "120/80" in found["text"]
    assert json.loads(found["metadata"])["pii"] == {"EMAIL": 2, "PHONE": 1}
    off = made(tmp_path, rows, pii=False)
    assert "sara.k@clinic-x.net" in kept(off)["p"]["text"]


def test_a_licence_that_forbids_the_purpose_stops_the_run_by_name(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    rows.append(row("nc", text(90), source="saudi", licence="CC BY-NC-SA 4.0"))
    with pytest.raises(RecipeError, match=r"saudi.*nc.*CC BY-NC-SA 4\.0"):
        made(tmp_path, rows)
    assert "nc" in kept(made(tmp_path, rows, purpose="research"))


def test_a_done_corpus_is_kept_and_a_changed_source_is_read_anew(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", text(i)) for i in range(40)])
    run = Run(recipe(tmp_path, [{"path": "d.jsonl"}]), tmp_path / "runs")
    said: list[str] = []
    build(run, said.append)
    build(run, said.append)
    assert "up to date" in said[1]
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", text(i)) for i in range(41)])
    build(run, said.append)
    assert "41 documents" in said[2]


def test_neither_the_size_of_shards_nor_workers_change_a_byte(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i % 70) + (" وبعد" if i > 100 else "")) for i in range(120)]
    outputs = []
    for shard, workers in ((10000, 1), (7, 2)):
        run = made(tmp_path, rows, how={"shard": shard, "workers": workers})
        outputs.append(json.loads(run.manifest.read_text(encoding="utf-8"))["outputs"])
        run.manifest.unlink()
    assert outputs[0] == outputs[1] and len(outputs[0]) == 5


def test_processes_are_started_for_many_documents_or_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Enough(Exception): ...

    workers: list[int] = []

    def run(job: LocalPipelineExecutor, *_: object) -> None:
        workers.append(job.workers)
        raise Enough

    monkeypatch.setattr(executor, "run", run)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    for told, few in ((0, 31), (0, 30), (2, 31)):
        monkeypatch.setattr("train.corpus.build.FEW", few)
        with pytest.raises(Enough):
            made(tmp_path, [row(f"d{i}", text(i)) for i in range(30)],
                 how={"shard": 8, "workers": told})  # fmt: skip
    assert workers == [1, 3, 2]


def test_names_that_a_source_keeps_hide_no_leak(tmp_path: Path) -> None:
    item = f"{text(200, 6)} عند الدكتور سامر حداد {text(201, 6)}"
    write_lines(tmp_path / "exam.jsonl", [{"id": "q", "text": item}])
    write_lines(tmp_path / "old.jsonl", [row("o", f"{item} {text(202, 20)}")])
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    rows += [row("same", item), row("old", f"{item} {text(202, 20)}")]
    rows += [row("inside", f"{text(50)} {item} {text(51)}")]
    rows += [row("public", f"{text(52)} قال الدكتور سامر حداد أمس")]
    sets = [{"name": "exam", "path": "exam.jsonl"}]
    run = made(tmp_path, rows, source={"names": "keep"}, earlier=["old.jsonl"])
    assert reasons(run) == {"old": "duplicate of o"}
    assert "سامر حداد" in kept(run)["public"]["text"]
    run = made(tmp_path, rows, source={"names": "keep"}, evaluation_sets=sets)
    assert reasons(run) == dict.fromkeys(("same", "inside", "old"), "contaminated: exam")
    found = made(tmp_path, rows, evaluation_sets=sets)
    assert "حداد" not in kept(found)["public"]["text"]


def test_what_a_file_says_of_its_documents_is_not_believed(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    said = {"names": "keep", "pii": "EMAIL", "contamination": [["exam", "q", "exact", 1.0]]}
    name = f"{text(52)} قال الدكتور سامر حداد أمس"
    rows.append(row("public", name, metadata={**said, "specialisation": "القلب"}))
    run = made(tmp_path, rows)
    found = kept(run)["public"]
    assert "حداد" not in found["text"]
    metadata = json.loads(found["metadata"])
    assert metadata["specialisation"] == "القلب" and metadata["pii"] == {"NAME": 1}
    assert not {"names", "contamination"} & set(metadata)


def test_equal_items_and_equal_documents_make_no_square(tmp_path: Path) -> None:
    items = [{"id": f"q{i}", "text": text(200, 30)} for i in range(40)]
    write_lines(tmp_path / "exam.jsonl", items)
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    rows += [row(f"same{i}", text(200, 30)) for i in range(50)]
    sets = [{"name": "exam", "path": "exam.jsonl", "action": "report"}]
    run = made(tmp_path, rows, evaluation_sets=sets)
    found = pq.read_table(run.contamination).to_pylist()
    assert {f["item"] for f in found} == {f"q{i}" for i in range(40)}
    assert {f["document"] for f in found} == {f"same{i}" for i in range(50)}
    assert len(found) < 40 * 50
    assert len(reasons(run)) == 49


def test_blocks_that_share_a_near_duplicate_stay_on_one_side(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i, 60)) for i in range(80)]
    write_lines(tmp_path / "a.jsonl", [row(f"a{i}", text(4 * i, 40)) for i in range(20)])
    write_lines(tmp_path / "d.jsonl", rows)
    for i in range(20):  # a shorter copy of the first of each block, read before it
        rows[4 * i]["text"] = text(4 * i, 40) + " وبعد"
    write_lines(tmp_path / "d.jsonl", rows)
    sources = [{"path": "a.jsonl"}, {"path": "d.jsonl", "block": 4}]
    run = Run(recipe(tmp_path, sources), tmp_path / "runs")
    build(run, lambda _: None)
    found = sides(run)
    assert len(found) == 80 and set(found.values()) == set(PARTS)
    for first in range(0, 80, 4):
        assert len({found[f"d{i}"] for i in range(first, first + 4)}) == 1


def test_a_copy_of_a_near_duplicate_goes_with_it(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i, 60)) for i in range(30)]
    rows += [row("copy", text(3, 60).replace(" ", "، ")), row("long", text(3, 60) + " وشكرا")]
    run = made(tmp_path, rows)
    assert reasons(run) == dict.fromkeys(("d3", "copy"), "near-duplicate of long")
    assert {c["kept"] for c in pq.read_table(run.clusters).to_pylist()} == {"long"}


def test_a_source_without_a_document_is_named(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(30)]
    with pytest.raises(RecipeError, match=r"d\.jsonl: no document where .*'nothing'"):
        made(tmp_path, rows, source={"where": {"source": "nothing"}})


def test_open_weights_need_an_open_base(tmp_path: Path) -> None:
    write_lines(tmp_path / "d.jsonl", [row(f"d{i}", text(i)) for i in range(40)])
    recipe(tmp_path, [{"path": "d.jsonl"}], purpose="research")
    whole = (RECIPES / "smoke.yaml").read_text(encoding="utf-8")
    whole = whole.replace("smoke-base.yaml", "small.yaml")
    (tmp_path / "smoke.yaml").write_text(whole, encoding="utf-8")
    with pytest.raises(RecipeError, match="purpose is open, but what.base"):
        load(tmp_path / "smoke.yaml").base_recipe()


def test_a_damaged_or_incomplete_corpus_is_made_anew(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(40)]
    run = made(tmp_path, rows)
    before = run.documents.read_bytes()
    run.ledger.unlink()
    build(run, lambda _: None)
    assert run.ledger.exists()
    run.manifest.write_text('{"version": 2', encoding="utf-8")
    build(run, lambda _: None)
    assert run.documents.read_bytes() == before


def test_a_ledger_without_texts_is_enough_to_verify(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(40)]
    run = made(tmp_path, rows)
    ledger = tmp_path / "passed-on.parquet"
    ledger.write_bytes(run.ledger.read_bytes())
    assert "text" not in pq.read_table(ledger).column_names
    said: list[str] = []
    verify(run, ledger, said.append)
    assert "40 documents" in said[-1]
    rows[5] = row("d5", text(500))
    rows.pop(7)
    write_lines(tmp_path / "d.jsonl", rows)
    with pytest.raises(StageError, match="1 missing"):  # of its own, before it is written anew
        verify(run, run.ledger, said.append)
    with pytest.raises(StageError, match=r"1 missing \(d7\).*1 with another text \(d5\)"):
        verify(made(tmp_path, rows), ledger, said.append)


def test_a_relative_data_folder_is_that_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data [1]").mkdir()
    write_lines(tmp_path / "data [1]" / "d.jsonl", [row(f"d{i}", text(i)) for i in range(40)])
    folder = tmp_path / "my recipes [a]"
    folder.mkdir()
    run = Run(recipe(folder, [{"path": "${VIOBERT_DATA}/*.jsonl"}]), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIOBERT_DATA", "data [1]")
    build(run, lambda _: None)
    assert len(read_documents(run, "train")) > 20
    monkeypatch.setenv("VIOBERT_DATA", "nowhere")
    with pytest.raises(RecipeError, match=str(tmp_path / "nowhere")):
        build(run, lambda _: None)


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no file at .*none-\*\.parquet"):
        build(Run(recipe(tmp_path, [{"path": "none-*.parquet"}]), tmp_path))


def test_nothing_left_to_train_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no document is left to train on .*too short 1"):
        made(tmp_path, [row("a", "قصير")])
    assert not (tmp_path / "runs" / "small" / "corpus" / "manifest.json").exists()


def test_one_id_for_two_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="id a stands twice"):
        made(tmp_path, [row("a", text(i)) for i in range(3)])


def test_the_card_tells_what_a_reader_asks(tmp_path: Path) -> None:
    rows = [row(f"d{i}", text(i)) for i in range(30)] + [row("short", "ألم")]
    run = made(tmp_path, rows)
    card = (run.corpus / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlanguage: [ar]")
    assert "| s | 31 | 0 | 1 | 0 | 0 | 0 | 30 |" in card
    assert "| CC0-1.0 | 30 |" in card
    assert "word pieces" in card
    assert "| NAME |" in card and "| all |" in card
    assert "On 1172 others" in card and "recall is 0.605 [0.577, 0.633]" in card
    page = (run.corpus / "funnel.html").read_text(encoding="utf-8")
    assert "plotly" in page.lower() and "after quality" in page
