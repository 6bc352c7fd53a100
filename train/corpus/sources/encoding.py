"""Text files, compressed or not, as UTF-8 or windows-1256: decided once for the whole file."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from train.corpus.sources.errors import SourceError

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_CHUNK = 1 << 18

# In windows-1256 the Arabic letters and harakat fill most of C0–FA. Arabic text is made of runs of
# them. In UTF-8 every other byte of Arabic is below C0; accented Latin letters stand alone;
# Cyrillic, Greek and ISO 8859-6 fall on Latin letters of windows-1256 too often.
_RUN = re.compile(rb"[\xc1-\xd6\xd8-\xdf\xe1\xe3-\xe6\xec\xed\xf0-\xf3\xf5\xf6\xf8\xfa]{2,}")
#: Bytes that say nothing: ASCII, Arabic and typographic punctuation, joiners, direction marks.
_NEUTRAL = (
    bytes(range(0x80)) + b"\x85\x91\x92\x93\x94\x96\x97\x9d\x9e\xa0\xa1\xab\xba\xbb\xbf\xfd\xfe"
)
_LEAST = 0.85


def open_text(path: Path, unit: str = "line") -> io.TextIOWrapper:
    """The text of a file, newlines as they are; a byte-order mark is swallowed.

    The file is read twice, the first time to choose the encoding: UTF-8 if every byte of it is,
    else windows-1256 if the bytes above ASCII form Arabic words of it throughout. Anything else,
    such as one windows-1256 row in a UTF-8 file, is a ``SourceError`` that names the ``unit``
    (line or row) and the byte. So no file is half decoded, and a broken one yields nothing.
    """
    encoding = _encoding(path, unit)
    return io.TextIOWrapper(_open(path), encoding=encoding, newline="")


def _open(path: Path) -> pa.NativeFile:
    # Arrow's decompression, unlike zstandard's, tells a truncated stream from a finished one.
    return pa.input_stream(str(path), compression=COMPRESSIONS.get(path.suffix))


def _chunks(path: Path) -> Iterator[bytes]:
    lines = 0
    try:
        with _open(path) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
                lines += chunk.count(b"\n")
    except OSError as error:
        kind = f"a whole {path.suffix} file" if path.suffix in COMPRESSIONS else "readable"
        raise SourceError(f"{path}: not {kind} (whole up to line {lines}; {error})") from error


def _encoding(path: Path, unit: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, position, tail = 1, 0, 0
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
            line, position = line + chunk.count(b"\n"), position + len(chunk)
            tail = len(decoder.getstate()[0])  # bytes of a character that the chunk cut in two
        if position == 0:
            raise SourceError(f"{path}: the file is empty")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if _is_windows_1256(path):
            return "cp1256"
        line += error.object[tail : error.start].count(b"\n")
        byte = position - tail + error.start + 1
        raise SourceError(
            f"{path}, {unit} {line}: byte {byte} of the file is not UTF-8, nor is the whole file "
            f"windows-1256; save it as UTF-8"
        ) from None
    return "utf-8-sig"


def _is_windows_1256(path: Path) -> bool:
    high = arabic = 0
    for chunk in _chunks(path):
        high += len(chunk.translate(None, _NEUTRAL))
        arabic += sum(map(len, _RUN.findall(chunk)))
    return high > 0 and arabic >= _LEAST * high
