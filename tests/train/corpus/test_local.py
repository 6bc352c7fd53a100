from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from train.corpus.document import Document
from train.corpus.sources import local, tables
from train.corpus.sources.errors import SourceError
from train.recipe import Source

TEXTS = [
    "السُّكَّري مرضٌ مزمن، والضغط ١٢٠/٨٠ ونسبة السكر ٥٫٦.",
    "عندي وجع بصدري من يومين وآخذ metformin 500 mg بعد الأكل.",
    'قال الطبيب: "اشرب ماءً كثيراً"؛ ثم عد بعد أسبوع؟',
    "سطر أول\nسطر ثانٍ، بفاصلة وسطر آخر",
]
RECORDS = [
    {"id": f"d{i}", "source": "s", "licence": "CC0-1.0", "ref": "r", "text": text, "title": "ع"}
    for i, text in enumerate(TEXTS)
]
OURS = Source(licence="CC0-1.0")


def csv_bytes(rows: list[dict[str, Any]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def write_xlsx(path: Path, rows: list[list[Any]], start: int = 1) -> None:
    """A workbook of one sheet whose rows begin at ``start``, as Excel would read it."""
    schemas = "http://schemas.openxmlformats.org/"
    office = f"{schemas}officeDocument/2006/relationships"
    relation = f'<Relationships xmlns="{schemas}package/2006/relationships"><Relationship Id="r1" '
    main = f'xmlns="{schemas}spreadsheetml/2006/main"'

    def cell(value: Any) -> str:
        if isinstance(value, (int, float)):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    body = "".join(
        f'<row r="{number}">{"".join(map(cell, row))}</row>'
        for number, row in enumerate(rows, start)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{schemas}package/2006/content-types"/>',
        "_rels/.rels": f'{relation}Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets><sheet name="a" '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{relation}Type="{office}/worksheet" '
        'Target="worksheets/a.xml"/></Relationships>',
        "xl/worksheets/a.xml": f"<worksheet {main}><sheetData>{body}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')


def write_any(path: Path, rows: list[dict[str, Any]]) -> None:
    """The same rows in the format and compression that the name tells."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return
    if path.suffix == ".xlsx":
        write_xlsx(path, [list(rows[0]), *(list(row.values()) for row in rows)])
        return
    if ".jsonl" in path.name:
        data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()
    else:
        data = csv_bytes(rows, delimiter="\t" if ".tsv" in path.name else ",")
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".zst":
        data = zstandard.compress(data)
    path.write_bytes(data)


def read(path: Path, source: Source = OURS) -> list[Document]:
    return list(local.read(path, source))


def said(path: Path, source: Source = OURS) -> str:
    """The error that reading must end in: one line that names the file."""
    with pytest.raises(SourceError) as error:
        read(path, source)
    message = str(error.value)
    assert message.startswith(str(path)) and "\n" not in message
    return message.removeprefix(str(path))


@pytest.mark.parametrize(
    "name",
    ["a.parquet", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.csv.gz", "a.CSV.zst"]
    + ["a.tsv", "a.tsv.zst", "a.xlsx"],
)
def test_every_kind_of_file_gives_the_same_documents(tmp_path: Path, name: str) -> None:
    write_any(tmp_path / name, RECORDS)
    found = read(tmp_path / name)
    assert [
        {c: getattr(d, c) for c in ("id", "source", "licence", "ref", "text", "title")}
        for d in found
    ] == RECORDS
    assert [(d.family, d.setting, d.metadata) for d in found] == [
        (r["id"], "s", {}) for r in RECORDS
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.zst"])
def test_a_text_file_is_one_document(tmp_path: Path, name: str) -> None:
    text = "\n\n".join(TEXTS)
    pack = {"gz": gzip.compress, "zst": zstandard.compress}.get(name.rsplit(".")[-1], bytes)
    (tmp_path / name).write_bytes(pack(b"\xef\xbb\xbf" + text.encode()))
    (document,) = read(tmp_path / name)
    assert (document.text, document.source, document.ref) == (text, "a", f"{name}, row 1")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "a.jsonl", "a.txt"])
def test_windows_1256_is_recognised(tmp_path: Path, name: str) -> None:
    # ASCII first: the choice must not hang on the beginning of the file.
    rows = [{"text": "Paracetamol 500 mg"}] * 40000 + [{"text": t} for t in TEXTS]
    if name == "a.txt":
        data = "\n".join(r["text"] for r in rows).encode("cp1256", "ignore")
    elif name == "a.jsonl":
        lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        data = lines.encode("cp1256", "ignore")  # it has no Arabic-Indic digits
    else:
        data = csv_bytes(rows).decode().encode("cp1256", "ignore")
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    text = "\n".join(d.text for d in read(tmp_path / name))
    for expected in TEXTS:
        assert expected.encode("cp1256", "ignore").decode("cp1256") in text


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "iso8859-6", "cp1253", "utf-16"])
def test_other_encodings_are_not_taken_for_windows_1256(tmp_path: Path, encoding: str) -> None:
    text = {
        "latin-1": "Le médecin a prescrit du paracétamol à la patiente fiévreuse, âgée",
        "cp1251": "Врач назначил больному лекарство от высокого давления",
        "cp1253": "Ο γιατρός έδωσε στον ασθενή φάρμακο για την πίεση",
    }.get(encoding, "المريض يعاني من ألم شديد في الصدر والظهر وهو يأخذ دواء للضغط")
    (tmp_path / "a.txt").write_bytes(f"{text}\n{text}".encode(encoding))
    assert "is not UTF-8, nor is the whole file windows-1256" in said(tmp_path / "a.txt")


def test_one_row_of_another_encoding_is_named_with_its_byte(tmp_path: Path) -> None:
    rows = [json.dumps({"text": t}, ensure_ascii=False).encode() + b"\n" for t in TEXTS * 9000]
    rows[20000] = json.dumps({"text": "ألم في الصدر"}, ensure_ascii=False).encode("cp1256") + b"\n"
    (tmp_path / "a.jsonl").write_bytes(b"".join(rows))
    byte = len(b"".join(rows[:20000])) + len(b'{"text": "') + 1
    assert said(tmp_path / "a.jsonl").startswith(f", row 20001: byte {byte} of the file is not")


def test_a_character_cut_at_the_end_is_named(tmp_path: Path) -> None:
    data = (TEXTS[0] * 20000).encode() + "م".encode()[:1]
    (tmp_path / "a.txt").write_bytes(data)
    assert said(tmp_path / "a.txt").startswith(f", line 1: byte {len(data)} of the file is not")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('1,"بداية\n2,وسط\n3,نهاية\n', ", row 2 (line 3): broken quotes"),
        ('1,"بداية\n2,وسط\n3,"نهاية"\n', ", row 2 (line 3): broken quotes"),
        ('1,"نص" زائد\n', ", row 2 (line 3): broken quotes"),
        ("1,نص,زائد\n", ", row 2 (line 3): 3 cells under a header of 2"),
        ("1\n", ", row 2 (line 3): 1 cells under a header of 2"),
        ("1,ن\0ص\n", ", line 3: a NUL byte"),
    ],
)
def test_a_broken_csv_row_is_named(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(f'id,text\n0,"نص ""سليم"""\n{body}', encoding="utf-8")
    assert said(tmp_path / "a.csv").startswith(message)


def test_lines_are_counted_through_quoted_line_breaks(tmp_path: Path) -> None:
    text = 'id,text\n0,"سطر\r\nثانٍ\nثالث"\n\n1,نص,زائد\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert said(tmp_path / "a.csv").startswith(", row 2 (line 6): 3 cells")


def test_a_quote_that_is_never_closed_does_not_swallow_all_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = csv.field_size_limit(1000)
    monkeypatch.setattr(tables, "LONGEST", 200_000)
    (tmp_path / "a.csv").write_text('text\n"' + "نص طويل\n" * 200_000, encoding="utf-8")
    try:
        message = ", row 1 (line 2): broken quotes or an endless cell (field larger than"
        assert said(tmp_path / "a.csv").startswith(message)
    finally:
        csv.field_size_limit(before)


def test_a_cell_longer_than_the_csv_module_bears_is_read(tmp_path: Path) -> None:
    text = "نص طويل " * 40_000
    (tmp_path / "a.csv").write_bytes(csv_bytes([{"text": text}]))
    assert [d.text for d in read(tmp_path / "a.csv")] == [text]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_of_a_csv_are_seen_in_its_header(tmp_path: Path, delimiter: str) -> None:
    rows = [{"id": f"d{i}", "text": t} for i, t in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + csv_bytes(rows, delimiter=delimiter))
    assert [(d.id, d.text) for d in read(tmp_path / "a.csv")] == [
        (f"d{i}", t) for i, t in enumerate(TEXTS)
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.csv.gz", ": not a whole .gz file"),
        ("a.jsonl.zst", ": not a whole .zst file"),
        ("a.txt.gz", ": not a whole .gz file"),
        ("a.parquet", ": not a whole parquet file"),
        ("a.xlsx", ": not a whole Excel file"),
    ],
)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path: Path, name: str, message: str, kept: float) -> None:
    path = tmp_path / name
    rows = [{"text": f"{t} {i * 7919}"} for i in range(300) for t in TEXTS]
    write_any(path, rows)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert said(path).startswith(message)


def test_damage_in_the_middle_of_a_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"text": f"{i} {t}"} for i in range(9000) for t in TEXTS]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=5000, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = bytes(5000)
    path.write_bytes(data)
    assert said(path).startswith(": not a whole parquet file after row ")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", ": the file is empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), ": the file is empty"),
        ("a.txt", b"", ": the file is empty"),
        ("a.csv", b"id,text\n", ": the file holds no row"),
        ("a.jsonl", b"\n\n", ": the file holds no row"),
        ("a.parquet", b"", ": not a whole parquet file"),
        ("a.xlsx", b"", ": not a whole Excel file"),
        ("a.docx", b"x", ": unknown kind of file; known are .parquet"),
        ("a.parquet.gz", b"x", ": unknown kind of file"),
        ("a.csv", b"text,text\n1,2\n", ", header: column text stands twice"),
        ("a.csv", b"a,b\n1,2\n", ": no column text; it has a, b"),
        ("a.jsonl", b"[1]\n", ", row 1: not a JSON object"),
        ("a.jsonl", b'{"text": "a"}\n{"text"\n', ", row 2: "),
        ("a.jsonl", b"[" * 100_000 + b"\n", ", row 1: "),
        ("a.jsonl", b'{"text": 5}\n', ", row 1: column text is missing or not text"),
        ("a.jsonl", b'{"text": "\\ud83d"}\n', ", row 1: column text holds half a character"),
        ("a.jsonl", b'{"text": "a", "metadata": 5}\n', ", row 1: column metadata is not an"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert said(tmp_path / name).startswith(message)


def test_a_licence_must_come_from_the_file_or_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_any(path, [{"text": TEXTS[0], "licence": "MIT"}, {"text": TEXTS[1]}])
    assert [d.licence for d in read(path)] == ["MIT", "CC0-1.0"]
    assert said(path, Source()).endswith("row 2: column licence is missing or not text; give it "
                                         "as licence: in the recipe")  # fmt: skip


def test_columns_that_a_file_names_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_any(path, [{"الجواب": t, "رقم": i, "kind": "x"} for i, t in enumerate(TEXTS)])
    source = Source(licence="MIT", columns={"text": "الجواب", "id": "رقم"}, setting="home")
    assert [(d.id, d.text, d.setting) for d in read(path, source)] == [
        (str(i), t, "home") for i, t in enumerate(TEXTS)
    ]
    wrong = Source(licence="MIT", columns={"text": "Answer"})
    assert said(path, wrong).startswith(": no column Answer; it has الجواب, رقم, kind")
    assert said(path, Source(licence="MIT", where={"Kind": "x"})).startswith(": no column Kind")


def test_rows_are_picked_and_blocks_counted_before_picking(tmp_path: Path) -> None:
    rows = [{"text": f"{TEXTS[0]} {i}", "n": i % 3, "kind": "ab"[i % 2]} for i in range(12)]
    path = tmp_path / "a.parquet"
    write_any(path, rows)
    found = read(path, Source(licence="MIT", where={"kind": "b"}, block=4))
    assert [d.family for d in found] == [f"a.parquet:{i // 4}" for i in range(1, 12, 2)]
    found = read(path, Source(licence="MIT", where={"kind": "b", "n": "2"}))
    assert [d.text[-2:].strip() for d in found] == ["5", "11"]
    assert [d.ref for d in found] == ["a.parquet, row 6", "a.parquet, row 12"]


def test_ids_stay_when_rows_are_added_and_moved(tmp_path: Path) -> None:
    path = tmp_path / "clinic.v1.csv.gz"
    write_any(path, [{"text": t} for t in [*TEXTS, TEXTS[1]]])
    before = {d.id: d.text for d in read(path)}
    assert len(before) == 5 and all(name.startswith("clinic.v1-") for name in before)
    write_any(path, [{"text": t} for t in ["جديد", TEXTS[1], *reversed(TEXTS), "جديد آخر"]])
    after = {d.id: d.text for d in read(path)}
    assert len(after) == 7 and before.items() <= after.items()


def test_metadata_is_taken_over_and_other_columns_are_not(tmp_path: Path) -> None:
    labels = {"specialisation": "قلب", "levels": ["أ", "ب"]}
    path = tmp_path / "a.jsonl"
    write_any(path, [{"text": TEXTS[0], "metadata": m, "x": 1} for m in (labels, None)])
    assert [d.metadata for d in read(path)] == [labels, {}]
    write_any(tmp_path / "a.csv", [{"text": "نص", "metadata": json.dumps(labels)}])
    assert [d.metadata for d in read(tmp_path / "a.csv")] == [labels]


def test_excel_rows_are_counted_as_excel_does(tmp_path: Path) -> None:
    rows = [["id", "text"], [7, TEXTS[0]], ["", ""], [8.5, TEXTS[1]]]
    write_xlsx(tmp_path / "a.xlsx", rows, start=3)
    assert [(d.id, d.ref) for d in read(tmp_path / "a.xlsx")] == [
        ("7", "a.xlsx, row 4"),
        ("8.5", "a.xlsx, row 6"),
    ]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.zst", "a.parquet"])
def test_a_large_file_is_not_held(tmp_path: Path, name: str) -> None:
    rows = [{"id": i, "text": f"{TEXTS[i % 4]} {i}"} for i in range(30_000)]
    write_any(tmp_path / name, rows)
    del rows
    tracemalloc.start()
    size = sum(len(row["text"].encode()) for _, row in tables.rows(tmp_path / name))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 2_500_000 and peak < size
