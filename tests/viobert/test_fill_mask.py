"""Predictions equal the pipeline's; bad texts are named for what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import RobertaConfig, RobertaForMaskedLM, pipeline

from viobert.checkpoints import Checkpoint, CheckpointError, load
from viobert.fill_mask import MAX_CHARACTERS, FillMask, check, check_word, with_masks

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


@pytest.fixture(scope="module")
def other(checkpoint: Checkpoint) -> Checkpoint:
    """Of another architecture."""
    config = RobertaConfig(
        vocab_size=len(checkpoint.tokenizer), hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=66, pad_token_id=0,
    )  # fmt: skip
    model = RobertaForMaskedLM(config).eval()
    return Checkpoint("roberta", "folder", None, model, checkpoint.tokenizer, 64, checkpoint.folder)


def test_another_architecture_goes_through_its_whole_forward(other: Checkpoint) -> None:
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


def _by_hand(checkpoint: Checkpoint, text: str, index: int, word: str) -> tuple[float, int]:
    """Probability and rank of a word at the mask ``index``: one piece at a time, all logits."""
    tokenizer: Any = checkpoint.tokenizer
    model: Any = checkpoint.model

    def at(pieces: list[str], place: int) -> torch.Tensor:
        ids = torch.tensor([tokenizer.convert_tokens_to_ids(pieces)])
        ones, zeros = torch.ones_like(ids), torch.zeros_like(ids)
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=ones, token_type_ids=zeros).logits
        return logits[0, place].double().softmax(-1)

    pieces = ["[CLS]", *tokenizer.tokenize(text), "[SEP]"]
    place = [i for i, piece in enumerate(pieces) if piece == "[MASK]"][index]
    single = at(pieces, place)
    probability, shown = 1.0, []
    own = tokenizer.tokenize(word)
    for piece in own:
        hidden = ["[MASK]"] * (len(own) - len(shown))
        row = at([*pieces[:place], *shown, *hidden, *pieces[place + 1 :]], place + len(shown))
        probability *= float(row[tokenizer.convert_tokens_to_ids(piece)])
        shown.append(piece)
    return probability, 1 + sum(p > probability * (1 + 1e-6) for p in single.tolist())


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("حرقة", 1),
        ("حَرْقَةٌ", 1),
        (" metformin\u200f", 1),
        ("٥", 1),
        ("10", 1),
        ("صداعات", 2),
        ("METFORMINING", 2),
        ("بالقلب", 6),
    ],
)
def test_an_own_word_is_scored_as_by_hand(
    checkpoint: Checkpoint, text: str, word: str, pieces: int
) -> None:
    found = FillMask(checkpoint).word(text, word)
    assert len(found) == text.count("[MASK]")
    for index, own in enumerate(found):
        assert len(own.pieces) == pieces and own.known
        probability, rank = _by_hand(checkpoint, text, index, word.strip(" \u200f"))
        assert own.probability == pytest.approx(probability, rel=1e-4)
        assert own.rank == rank


def test_an_own_word_has_the_rank_and_probability_of_the_list(checkpoint: Checkpoint) -> None:
    model = FillMask(checkpoint)
    for text in TEXTS:
        for index, mask in enumerate(model(text, k=20)):
            for prediction in mask:
                if prediction.continues or check_word(prediction.word):
                    continue
                own = model.word(text, prediction.word)[index]
                assert (own.rank, own.pieces) == (prediction.rank, (prediction.token,))
                assert own.probability == pytest.approx(prediction.probability, rel=1e-5)


def test_an_own_word_goes_through_another_architecture(other: Checkpoint) -> None:
    for word in ("حرقة", "صداعات"):
        for index, own in enumerate(FillMask(other).word(TEXTS[4], word)):
            expected = _by_hand(other, TEXTS[4], index, word)
            assert (own.probability, own.rank) == (
                pytest.approx(expected[0], rel=1e-4),
                expected[1],
            )


def test_a_word_that_the_vocabulary_lacks_has_no_probability(checkpoint: Checkpoint) -> None:
    for own in FillMask(checkpoint).word(TEXTS[4], "ژوراسیک"):
        assert (own.known, own.probability, own.rank) == (False, 0.0, 0)
        assert own.pieces == ("[UNK]",)


@pytest.mark.parametrize(
    "word",
    ["", "  ", "\u200f", "ألم شديد", "ألم\nحاد", "[MASK]", "___", "120/80", "ألم؟", "##ات", "😷",
     "ا" * 41, "\ud83d", "ـــ", "[UNK]"],
)  # fmt: skip
def test_what_is_not_one_word_is_refused(checkpoint: Checkpoint, word: str) -> None:
    for problem in (check_word(word), check(TEXTS[0], checkpoint, word)):
        assert problem is not None and (problem.kind, problem.limit) == ("bad_word", 40)
    with pytest.raises(ValueError, match="bad_word"):
        FillMask(checkpoint).word(TEXTS[0], word)


@pytest.mark.parametrize("word", ["ا" * 40, " وجع\t", "أَلَمٌ", "paracetamol", "٥٠٠", "B12", "كـبـد"])
def test_one_word_is_accepted(word: str) -> None:
    assert check_word(word) is None


def test_a_text_s_own_problem_is_named_before_the_word_s(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="no_mask"):
        FillMask(checkpoint).word("المريض", "")


def test_a_word_of_several_pieces_has_to_fit_beside_the_text(checkpoint: Checkpoint) -> None:
    text, model = "قلب " * 61 + "[MASK]", FillMask(checkpoint)
    assert model.word(text, "صداع")[0].known
    problem = check(text, checkpoint, "صداعات")
    assert problem is not None
    assert (problem.kind, problem.found, problem.limit) == ("too_long", 65, 64)
    with pytest.raises(ValueError, match="too_long"):
        model.word(text, "صداعات")
    assert model.word(text.removeprefix("قلب "), "صداعات")[0].known


def test_a_checkpoint_may_be_named(general: Path, checkpoint: Checkpoint) -> None:
    assert FillMask(str(general))(TEXTS[0]) == FillMask(checkpoint)(TEXTS[0])
    assert FillMask(checkpoint).precision == "f32"
    with pytest.raises(CheckpointError):
        FillMask("no-such-folder/")
    with pytest.raises(ValueError, match="no such runtime: tpu"):
        FillMask(checkpoint, runtime="tpu")  # type: ignore[arg-type]
