"""Predictions equal the pipeline's; bad texts are named for what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import RobertaConfig, RobertaForMaskedLM, pipeline

from viobert.checkpoints import Checkpoint, load
from viobert.fill_mask import MAX_CHARACTERS, FillMask, check, with_masks

TEXTS = [
    "المريض يعاني من [MASK] في الصدر",
    "المَرِيضُ يُعَانِي مِنْ [MASK] فِي الصَّدْرِ",
    "بقالي يومين عندي و[MASK] ومش قادر آكل حاجة ٥ أو 10",
    "كرشي كتوجعني 😷 وعندي [MASK] بزاف metformin",
    "عندي [MASK] في صدري و[MASK] من يومين؟ [MASK]",
]


@pytest.fixture(scope="module")
def checkpoint(general: Path) -> Checkpoint:
    return load(str(general))


def _reference(checkpoint: Checkpoint, text: str, k: int) -> list[list[tuple[int, float]]]:
    asked = pipeline("fill-mask", model=checkpoint.model, tokenizer=checkpoint.tokenizer)
    found = asked(text, top_k=k)
    masks = found if isinstance(found[0], list) else [found]
    return [[(row["token"], row["score"]) for row in mask] for mask in masks]


@pytest.mark.parametrize("text", TEXTS)
def test_scores_are_the_pipeline_s(checkpoint: Checkpoint, text: str) -> None:
    ours = FillMask(checkpoint)(text, k=7)
    reference = _reference(checkpoint, text, 7)
    assert len(ours) == len(reference) == text.count("[MASK]")
    for mine, theirs in zip(ours, reference, strict=True):
        tokens = checkpoint.tokenizer.convert_tokens_to_ids([p.token for p in mine])
        assert tokens == [token for token, _ in theirs]
        assert [p.probability for p in mine] == pytest.approx([s for _, s in theirs], abs=1e-5)
        assert [p.rank for p in mine] == list(range(1, 8))


def test_another_architecture_goes_through_its_whole_forward(checkpoint: Checkpoint) -> None:
    config = RobertaConfig(
        vocab_size=len(checkpoint.tokenizer), hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=66, pad_token_id=0,
    )  # fmt: skip
    model = RobertaForMaskedLM(config).eval()
    other = Checkpoint(
        "roberta", "folder", None, model, checkpoint.tokenizer, 64, checkpoint.folder
    )
    (mine,), (theirs,) = FillMask(other)(TEXTS[0]), _reference(other, TEXTS[0], 5)
    assert [p.probability for p in mine] == pytest.approx([s for _, s in theirs], abs=1e-5)


@pytest.mark.parametrize(
    "written",
    [
        "[mask]",
        "[ MASK ]",
        "<mask>",
        "< Mask >",
        "___",
        "_______",
        "［MASK］",
        "[\u200fMASK\u200e]",
    ],
)
def test_every_way_of_writing_a_mask_means_the_same(checkpoint: Checkpoint, written: str) -> None:
    text = f"المريض يعاني من {written} في الصدر"
    assert with_masks(text) == TEXTS[0]
    assert FillMask(checkpoint)(text) == FillMask(checkpoint)(TEXTS[0])


@pytest.mark.parametrize("written", ["__", "mask", "[قناع]", "_", "(MASK)", "ـــــ"])
def test_what_only_looks_like_a_mask_is_none(written: str) -> None:
    problem = check(f"المريض يعاني من {written} في الصدر")
    assert problem is not None and problem.kind == "no_mask"


def test_pieces_are_shown_as_a_reader_would_write_them(checkpoint: Checkpoint) -> None:
    every = len(checkpoint.tokenizer)
    shown = {p.token: p for p in FillMask(checkpoint)(TEXTS[0], k=every)[0]}
    assert len(shown) == every
    assert sum(p.probability for p in shown.values()) == pytest.approx(1, abs=1e-4)
    assert (shown["##ات"].word, shown["##ات"].continues) == ("ـات", True)
    assert (shown["##ing"].word, shown["##ing"].continues) == ("…ing", True)
    assert (shown["السكري"].word, shown["السكري"].continues) == ("السكري", False)
    assert shown["[UNK]"].word == "[UNK]"


@pytest.mark.parametrize(
    ("text", "kind", "found", "limit"),
    [
        ("", "empty", 0, 0),
        (" \n\t\u00a0", "empty", 0, 0),
        ("المريض يعاني", "no_mask", 0, 0),
        ("😷", "no_mask", 0, 0),
        ("[MASK] " * 6 + "قلب", "too_many_masks", 6, 5),
        ("The patient has [MASK]", "no_arabic", 0, 0),
        ("[MASK]", "no_arabic", 0, 0),
        ("١٢٣ [MASK] ؟", "no_arabic", 0, 0),
        ("ا" * 1_000_000 + " [MASK]", "too_many_characters", 1_000_007, MAX_CHARACTERS),
        ("قلب " * 100 + "[MASK]", "too_long", 103, 64),
    ],
)
def test_each_bad_text_is_named(
    checkpoint: Checkpoint, text: str, kind: str, found: int, limit: int
) -> None:
    problem = check(text, checkpoint)
    assert problem is not None
    assert (problem.kind, problem.found, problem.limit) == (kind, found, limit)
    with pytest.raises(ValueError, match=kind):
        FillMask(checkpoint)(text)


def test_the_longest_text_that_fits_is_answered(checkpoint: Checkpoint) -> None:
    assert check("قلب " * 61 + "[MASK]", checkpoint) is None
    assert len(FillMask(checkpoint)("قلب " * 61 + "[MASK]")[0]) == 5
    assert check("قلب " * 62 + "[MASK]", checkpoint) is not None


@pytest.mark.parametrize(
    "text",
    [
        "قلب \ud83d [MASK]",
        "قلب \udc00\ud800 [MASK]",
        "<b>قلب</b> <script>alert(1)</script> [MASK]",
        "قلب \x00 [MASK]",
        "${قلب} {{x}} [MASK] %s {0}",
    ],
)
def test_odd_characters_are_answered(checkpoint: Checkpoint, text: str) -> None:
    assert check(text, checkpoint) is None
    (predictions,) = FillMask(checkpoint)(text)
    assert len(predictions) == 5
    with_masks(text).encode("utf-8")


def test_a_split_emoji_pair_is_put_together() -> None:
    assert with_masks("\ud83d\ude37 [MASK]") == "😷 [MASK]"
