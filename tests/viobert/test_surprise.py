"""Each word's bits are what a loop over single copies and all logits finds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import RobertaConfig, RobertaForMaskedLM

from viobert import runtime
from viobert.checkpoints import Checkpoint, CheckpointError, load
from viobert.fill_mask import MAX_CHARACTERS, with_masks
from viobert.surprise import MAX_SURPRISE_PIECES, Surprise, check_surprise, total
from viobert.text import words

TEXTS = [
    "المريض يعاني من حرقة في الصدر",
    "المَرِيضُ يُعَانِي مِنْ ضِيقٍ فِي الصَّدْرِ.",
    "بقالي يومين عندي إسهال وصداع ومش قادر آكل حاجة، ٥ أو 10",
    "كرشي كتوجعني 😷 وعندي سخانة بزاف Metformining 10mg؟",
    "دواء",
    "اسهالات " * 12,
]


@pytest.fixture(scope="module")
def checkpoint(general: Path) -> Checkpoint:
    return load(str(general))


@pytest.fixture(scope="module")
def other(checkpoint: Checkpoint) -> Checkpoint:
    """Of another architecture."""
    torch.manual_seed(5)
    config = RobertaConfig(
        vocab_size=len(checkpoint.tokenizer), hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=66, pad_token_id=0,
        initializer_range=0.3,
    )  # fmt: skip
    model = RobertaForMaskedLM(config).eval()
    return Checkpoint("roberta", "folder", None, model, checkpoint.tokenizer, 64, checkpoint.folder)


def _by_hand(checkpoint: Checkpoint, text: str) -> list[tuple[str, float | None, int]]:
    """Word, bits and pieces; the pieces of each word are those that it alone is cut into."""
    tokenizer: Any = checkpoint.tokenizer
    model: Any = checkpoint.model
    pieces, spans, at = ["[CLS]"], [], 0
    for start, end in words(text):
        pieces += tokenizer.tokenize(text[at:start])
        own = tokenizer.tokenize(text[start:end])
        spans.append((text[start:end], len(pieces), len(own)))
        pieces, at = pieces + own, end
    pieces += [*tokenizer.tokenize(text[at:]), "[SEP]"]
    ids = tokenizer.convert_tokens_to_ids(pieces)
    assert ids == tokenizer(text)["input_ids"]
    found: list[tuple[str, float | None, int]] = []
    for word, first, count in spans:
        if "[UNK]" in pieces[first : first + count]:
            found.append((word, None, count))
            continue
        bits = 0.0
        for place in range(first, first + count):
            copy = list(ids)
            copy[place : first + count] = [tokenizer.mask_token_id] * (first + count - place)
            with torch.no_grad():
                logits = model(**_batch(copy)).logits[0, place].double()
            bits -= float(logits.log_softmax(-1)[ids[place]]) / math.log(2)
        found.append((word, bits, count))
    return found


def _batch(ids: list[int]) -> dict[str, torch.Tensor]:
    row = torch.tensor([ids])
    return {
        "input_ids": row,
        "attention_mask": torch.ones_like(row),
        "token_type_ids": torch.zeros_like(row),
    }


def _same(text: str, model: Checkpoint) -> None:
    found, expected = Surprise(model)(text), _by_hand(model, text)
    assert [(text[w.start : w.end], w.pieces) for w in found] == [(w, n) for w, _, n in expected]
    for mine, (_, bits, _) in zip(found, expected, strict=True):
        assert mine.bits == (bits if bits is None else pytest.approx(bits, abs=1e-4))
    assert total(found) == pytest.approx(sum(b for _, b, _ in expected if b), abs=1e-3)


@pytest.mark.parametrize("text", TEXTS)
def test_bits_are_those_of_one_copy_at_a_time(checkpoint: Checkpoint, text: str) -> None:
    _same(text, checkpoint)


@pytest.mark.parametrize("text", TEXTS)
def test_another_architecture_goes_through_its_whole_forward(other: Checkpoint, text: str) -> None:
    _same(text, other)


def test_batches_change_nothing(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [w.bits for w in Surprise(checkpoint)(TEXTS[2])]
    for pieces in (1, 70):
        monkeypatch.setattr(runtime, "BATCH", pieces)
        assert [w.bits for w in Surprise(checkpoint)(TEXTS[2])] == pytest.approx(whole, abs=1e-4)


def test_the_texts_have_words_of_one_piece_and_of_several(checkpoint: Checkpoint) -> None:
    counts = [w.pieces for text in TEXTS for w in Surprise(checkpoint)(text)]
    assert min(counts) == 1 and max(counts) >= 4


def test_a_word_that_the_vocabulary_lacks_has_no_bits(checkpoint: Checkpoint) -> None:
    text = "المريض ژوراسیک في الصدر"
    known, unknown, *rest = Surprise(checkpoint)(text)
    assert (unknown.bits, unknown.pieces) == (None, 1)
    assert known.bits is not None and len(rest) == 2
    assert total([unknown]) == 0
    # Special tokens that a text spells out are no words of it, either.
    assert [w.bits for w in Surprise(checkpoint)("قلب [SEP] [UNK]")][1:] == [None, None]


@pytest.mark.parametrize("written", ["[MASK]", "[ mask ]", "___", "<Mask>", "［MASK］"])
def test_masks_stay_hidden_and_are_no_words(checkpoint: Checkpoint, written: str) -> None:
    text = f"عندي {written} في صدري و{written} من يومين"
    found = Surprise(checkpoint)(text)
    assert [text[w.start : w.end] for w in found] == ["عندي", "في", "صدري", "و", "من", "يومين"]
    reference = Surprise(checkpoint)(with_masks(text))
    assert [w.bits for w in found] == [w.bits for w in reference]
    # Hidden, not left out: without the masks, other bits.
    plain = Surprise(checkpoint)("عندي في صدري و من يومين")
    assert [w.bits for w in plain] != pytest.approx([w.bits for w in found], abs=1e-3)


def test_places_are_the_text_s_own(checkpoint: Checkpoint) -> None:
    """Whatever is replaced before a word: masks, an emoji's two halves, half an emoji."""
    text = "____ \ud83d\ude37 قلب \ud83d ___ وصداع 😷 \ude37حرارة"
    found = Surprise(checkpoint)(text)
    assert [text[w.start : w.end] for w in found] == ["قلب", "وصداع", "حرارة"]
    reference = Surprise(checkpoint)(with_masks(text))
    assert [w.bits for w in found] == [w.bits for w in reference]
    total(found)


@pytest.mark.parametrize(
    ("text", "kind", "found", "limit"),
    [
        ("", "empty", 0, 0),
        (" \n\t\u00a0", "empty", 0, 0),
        ("ا" * 5_001, "too_many_characters", 5_001, MAX_CHARACTERS),
        ("The patient has pain", "no_arabic", 0, 0),
        ("[MASK] ١٢٣", "no_arabic", 0, 0),
        ("\ufdfd [MASK] !", "no_words", 0, 0),
        ("قلب " * 63, "too_long", 65, 64),
    ],
)
def test_each_bad_text_is_named(
    checkpoint: Checkpoint, text: str, kind: str, found: int, limit: int
) -> None:
    problem = check_surprise(text, checkpoint)
    assert problem is not None
    assert (problem.kind, problem.found, problem.limit) == (kind, found, limit)
    with pytest.raises(ValueError, match=kind):
        Surprise(checkpoint)(text)


def test_the_longest_text_that_fits_is_measured(checkpoint: Checkpoint, medical: Path) -> None:
    assert MAX_SURPRISE_PIECES == 64
    assert check_surprise("قلب " * 62, checkpoint) is None
    assert len(Surprise(checkpoint)("قلب " * 62)) == 62
    short = load(str(medical))
    assert check_surprise("قلب " * 46, short) is None
    problem = check_surprise("قلب " * 47, short)
    assert problem is not None and (problem.found, problem.limit) == (49, 48)


def test_a_checkpoint_may_be_named(general: Path, checkpoint: Checkpoint) -> None:
    assert Surprise(str(general))(TEXTS[0]) == Surprise(checkpoint)(TEXTS[0])
    with pytest.raises(CheckpointError):
        Surprise("no-such-folder/")


def test_on_another_device_a_copy_works(checkpoint: Checkpoint) -> None:
    before = Surprise(checkpoint)(TEXTS[0])
    assert Surprise(checkpoint).runtime.model is checkpoint.model
    away = Surprise(checkpoint, "meta").runtime.model
    assert {p.device.type for p in away.parameters()} == {"meta"}
    assert {b.device.type for b in away.buffers()} <= {"meta"}
    assert away.cls.predictions.decoder.weight is away.bert.embeddings.word_embeddings.weight
    assert {p.device.type for p in checkpoint.model.parameters()} == {"cpu"}
    assert Surprise(checkpoint)(TEXTS[0]) == before
    if torch.cuda.is_available():
        found = Surprise(checkpoint, "cuda")(TEXTS[0])
        assert [w.bits for w in found] == pytest.approx([w.bits for w in before], abs=1e-2)
