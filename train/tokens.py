"""A split of the corpus as flat arrays on disk: pieces, words, windows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from train.corpus.document import Document
from train.files import file_hash, replace_folder, write_json

_BATCH = 512


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
        found: list[tuple[int, int, int]] = []
        for document in range(len(self.keys)):
            start, end = int(self.offsets[document]), int(self.offsets[document + 1])
            parts = -(-(end - start) // length)
            size = -(-(end - start) // max(1, parts))
            while start < end:
                stop = min(start + size, end)
                stop = self._word_start(start, stop, end)
                found.append((document, start, stop))
                start = stop
        return np.array(found, np.int64).reshape(-1, 3)

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


def build(folder: Path, documents: Sequence[Document], tokenizer: Any, name: str) -> Tokens:
    """The tokens of ``documents``, from ``folder`` when it holds exactly these, else made anew."""
    stamp = _stamp(documents, tokenizer)
    if not _whole(folder, stamp):
        replace_folder(folder, lambda path: _write(path, documents, tokenizer, stamp, name))
    arrays = {
        part: np.load(folder / f"{part}.npy", mmap_mode="r")
        for part in ("ids", "words", "offsets", "keys")
    }
    return Tokens(**arrays)


def _stamp(documents: Sequence[Document], tokenizer: Any) -> str:
    digest = hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode())
    for document in documents:
        digest.update(f"{document.id}:{document.hash}\n".encode())
    return digest.hexdigest()


def _whole(folder: Path, stamp: str) -> bool:
    try:
        made = json.loads((folder / "tokens.json").read_text(encoding="utf-8"))
        return bool(made["stamp"] == stamp) and all(
            file_hash(folder / part) == digest for part, digest in made["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _write(
    folder: Path, documents: Sequence[Document], tokenizer: Any, stamp: str, name: str
) -> None:
    ids: list[NDArray[np.int32]] = []
    words: list[NDArray[np.int32]] = []
    lengths: list[int] = []
    progress = tqdm(total=len(documents), desc=f"{name}: tokens", unit=" documents")
    for batch in _batches(documents):
        for encoding in encode(tokenizer, [d.text for d in batch]):
            ids.append(np.array(encoding.ids, np.int32))
            words.append(np.array(encoding.word_ids, np.int32))
            lengths.append(len(encoding.ids))
        progress.update(len(batch))
    progress.close()
    np.save(folder / "ids.npy", np.concatenate(ids) if ids else np.zeros(0, np.int32))
    np.save(folder / "words.npy", np.concatenate(words) if words else np.zeros(0, np.int32))
    np.save(folder / "offsets.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    np.save(folder / "keys.npy", np.array([document_key(d.id) for d in documents], np.uint64))
    files = {p.name: file_hash(p) for p in sorted(folder.glob("*.npy"))}
    write_json(
        folder / "tokens.json",
        {"stamp": stamp, "files": files, "documents": len(documents), "tokens": sum(lengths)},
    )


def _batches(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    for start in range(0, len(documents), _BATCH):
        yield documents[start : start + _BATCH]
