"""A split of the corpus as flat arrays on disk: pieces, words, windows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from train.corpus.document import Document
from train.files import file_hash, replace_folder, write_json

# The tokenizer's threads: without this it falls back to one after the first fork.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

_BATCH = 512
_KINDS: dict[str, type[np.generic]] = {
    "ids": np.int32,
    "words": np.int32,
    "offsets": np.int64,
    "keys": np.uint64,
}
#: Documents, one after the other, from the beginning at every call.
Documents = Callable[[], Iterator[Document]]


@dataclass(frozen=True)
class Tokens:
    """Memory-mapped pieces of all documents, one after the other, without special tokens.

    ``ids`` and ``words`` have one entry a piece: its id, and the index in its document of the
    word it belongs to. ``offsets`` (documents + 1) bounds the documents; ``keys`` is one 64-bit
    hash of each document's id.
    """

    ids: NDArray[np.int32]
    words: NDArray[np.int32]
    offsets: NDArray[np.int64]
    keys: NDArray[np.uint64]

    def windows(self, length: int) -> NDArray[np.int64]:
        """(windows, 3): document, first piece, end. At most ``length`` pieces; a document is cut
        between words only, into windows of like size."""
        starts, ends = self.offsets[:-1], self.offsets[1:]
        sizes = ends - starts
        short = np.flatnonzero((sizes > 0) & (sizes <= length))
        found = [np.stack([short, starts[short], ends[short]], axis=1)]
        for document in np.flatnonzero(sizes > length).tolist():
            found.append(self._cut(document, length))
        windows = np.concatenate(found).astype(np.int64)
        return np.asarray(windows[np.lexsort((windows[:, 1], windows[:, 0]))])

    def _cut(self, document: int, length: int) -> NDArray[np.int64]:
        start, end = int(self.offsets[document]), int(self.offsets[document + 1])
        size = -(-(end - start) // -(-(end - start) // length))
        found = []
        while start < end:
            stop = self._word_start(start, min(start + size, end), end)
            found.append((document, start, stop))
            start = stop
        return np.array(found, np.int64)

    def _word_start(self, start: int, stop: int, end: int) -> int:
        cut = stop
        while cut < end and cut > start and self.words[cut] == self.words[cut - 1]:
            cut -= 1
        return cut if cut > start else stop  # a word longer than a window is cut


def encode(tokenizer: Any, texts: Sequence[str]) -> list[Any]:
    """Encodings of whole texts, no special tokens: a folder may come with truncation or padding
    switched on."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return list(backend.encode_batch(list(texts), add_special_tokens=False))


def document_key(document_id: str) -> int:
    """64-bit hash of a document's id: the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(document_id.encode(), digest_size=8).digest(), "little")


def build(folder: Path, documents: Documents, tokenizer: Any, made_from: str, name: str) -> Tokens:
    """The tokens of ``documents``, from ``folder`` when it holds exactly these, else made anew.

    ``made_from`` names the documents; with the tokenizer it decides whether the folder is theirs.
    """
    digest = hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode())
    stamp = hashlib.sha256(f"{made_from}:{digest.hexdigest()}".encode()).hexdigest()
    if not _whole(folder, stamp):
        replace_folder(folder, lambda path: _write(path, documents, tokenizer, stamp, name))
    return open_tokens(folder)


def open_tokens(folder: Path) -> Tokens:
    """What ``build`` has left in ``folder``, memory-mapped."""
    return Tokens(**{part: _open(folder / f"{part}.bin", kind) for part, kind in _KINDS.items()})


def _open(path: Path, kind: type[np.generic]) -> NDArray[Any]:
    if not path.stat().st_size:  # cannot be mapped
        return np.zeros(0, kind)
    return np.asarray(np.memmap(path, kind, mode="r"))


def _whole(folder: Path, stamp: str) -> bool:
    try:
        made = json.loads((folder / "tokens.json").read_text(encoding="utf-8"))
        return bool(made["stamp"] == stamp) and all(
            file_hash(folder / part) == digest for part, digest in made["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _write(folder: Path, documents: Documents, tokenizer: Any, stamp: str, name: str) -> None:
    count = total = 0
    progress = tqdm(desc=f"{name}: tokens", unit=" documents")
    with ExitStack() as files:
        out = {part: files.enter_context((folder / f"{part}.bin").open("wb")) for part in _KINDS}

        def put(part: str, values: Any) -> None:
            out[part].write(np.asarray(values, _KINDS[part]).tobytes())

        put("offsets", [0])
        for batch in _batches(documents()):
            put("keys", [document_key(d.id) for d in batch])
            for encoding in encode(tokenizer, [d.text for d in batch]):
                put("ids", encoding.ids)
                put("words", encoding.word_ids)
                total += len(encoding.ids)
                put("offsets", [total])
            count += len(batch)
            progress.update(len(batch))
    progress.close()
    write_json(
        folder / "tokens.json",
        {
            "stamp": stamp,
            "files": {p.name: file_hash(p) for p in sorted(folder.glob("*.bin"))},
            "documents": count,
            "tokens": total,
        },
    )


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(islice(documents, _BATCH)):
        yield batch
