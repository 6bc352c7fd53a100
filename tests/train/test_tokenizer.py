from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from tests.train.conftest import SAMPLE
from train import recipe, tokenizer, tokens
from train.corpus.document import Document
from train.tokenizer import SPECIAL, learn


def pieces(tokenizer: Any, text: str) -> list[str]:
    return [str(p) for p in tokenizer.tokenize(text)]


def test_the_same_texts_give_the_same_vocabulary(arabic: Any, documents: list[Document]) -> None:
    texts = [d.text for d in documents]
    again = learn(texts, recipe.Tokenizer(vocab_size=3000), 128)
    assert again.get_vocab() == arabic.get_vocab()
    assert len(again) == 3000 and again.convert_ids_to_tokens(list(range(5))) == SPECIAL
    assert not any(t.startswith("##") for t in again.all_special_tokens)


def test_harakat_and_tatweel_go_hamza_and_madda_stay(arabic: Any) -> None:
    assert pieces(arabic, "مُحَمَّدٌ") == pieces(arabic, "محمد")
    assert pieces(arabic, "مـــرض") == pieces(arabic, "مرض")
    for kept, lost in (("آلام", "الام"), ("رأس", "راس"), ("مؤلم", "مولم"), ("رئة", "رية")):
        assert pieces(arabic, kept) != pieces(arabic, lost)
        assert "".join(p.removeprefix("##") for p in pieces(arabic, kept)) == kept
    # A hamza or madda written as a combining mark is composed, not dropped.
    assert pieces(arabic, "ا\u0653لام") == pieces(arabic, "آلام")
    assert pieces(arabic, "را\u0654س") == pieces(arabic, "رأس")


def test_presentation_forms_and_hidden_signs_reach_the_same_pieces(arabic: Any) -> None:
    assert pieces(arabic, "ﻻ") == pieces(arabic, "لا")
    assert pieces(arabic, "ص\u200cدر\u200f") == pieces(arabic, "صدر")


@pytest.mark.parametrize("text", ["٢٫٥ ≥ 7.2% ٪", "Metformin 500mg", "؟،؛ «ألم»", "HbA1c ± 5°"])
def test_health_text_has_no_unknown_character(arabic: Any, text: str) -> None:
    assert "[UNK]" not in pieces(arabic, text)


def test_the_folder_loads_with_transformers_alone(arabic: Any, tmp_path: Path) -> None:
    arabic.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        assert again(line)["input_ids"] == arabic(line)["input_ids"]
    assert again.model_max_length == 128 and again.mask_token == "[MASK]"
    assert again("ألم [MASK]")["input_ids"][-2] == again.mask_token_id


def test_tokens_on_disk_are_those_of_the_tokenizer(
    arabic: Any, documents: list[Document], tmp_path: Path
) -> None:
    built = tokens.build(tmp_path / "t", lambda: iter(documents), arabic, "all", "test")
    assert built.keys.tolist() == [tokens.document_key(d.id) for d in documents]
    for i in (0, 50, 167):
        own = slice(built.offsets[i], built.offsets[i + 1])
        encoding = arabic(documents[i].text, add_special_tokens=False)
        assert built.ids[own].tolist() == encoding["input_ids"]
        assert built.words[own].tolist() == encoding.word_ids()


def test_tokens_are_kept_when_whole_and_made_anew_when_not(
    arabic: Any, documents: list[Document], tmp_path: Path
) -> None:
    folder = tmp_path / "t"

    def build(count: int, tokenizer: Any = arabic) -> tokens.Tokens:
        return tokens.build(folder, lambda: iter(documents[:count]), tokenizer, f"{count}", "test")

    whole = build(9).ids.copy()
    made = (folder / "ids.bin").stat().st_mtime_ns
    build(9)
    assert (folder / "ids.bin").stat().st_mtime_ns == made
    for spoil in (lambda data: data[:-4], lambda data: data[:-1] + bytes([data[-1] ^ 1])):
        (folder / "ids.bin").write_bytes(spoil((folder / "ids.bin").read_bytes()))
        assert (build(9).ids == whole).all()
    assert len(build(8).keys) == 8  # other documents
    other = tokenizer.learn([d.text for d in documents], recipe.Tokenizer(vocab_size=1500), 128)
    assert len(build(8, other).ids) > len(build(8).ids)  # another tokenizer


def test_no_documents_are_no_tokens(arabic: Any, tmp_path: Path) -> None:
    built = tokens.build(tmp_path / "t", lambda: iter(()), arabic, "none", "test")
    assert len(built.ids) == len(built.keys) == 0 and built.offsets.tolist() == [0]
    assert built.windows(10).shape == (0, 3)


def test_document_keys_do_not_change_between_runs() -> None:
    # A fixed value: masks of old runs must stay what they were.
    assert tokens.document_key("sample-001") == 0xC5B5266F3913A831
    keys = np.array([tokens.document_key(f"sample-{i}") for i in range(1000)], np.uint64)
    assert len(np.unique(keys)) == 1000
