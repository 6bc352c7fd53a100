from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from viobert.checkpoints import EMBEDDED, Checkpoint, CheckpointError, load, load_tagger
from viobert.ner import LABELS, Tagger, chunks, entities, tags
from viobert.text import words

TEXT = "عِندي السُّكّري، وأتناول Glucophage 500 mg مرتين؛ ضغطي 120/80 والحمد لله."


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load("assets/models/viobert-mini").tokenizer


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    from transformers import BertConfig, BertForTokenClassification

    torch.manual_seed(1)
    names = tags(LABELS)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, initializer_range=0.5,
        id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)},
    )  # fmt: skip
    return BertForTokenClassification(config).eval()


def _tagger(model: Any, tokenizer: Any, length: int) -> Tagger:
    return Tagger(Checkpoint("tiny", "folder", None, model, tokenizer, length, EMBEDDED))


def test_a_tagger_is_loaded_by_name() -> None:
    tagger = Tagger("assets/models/viobert-mini-ner")
    assert set(tagger.names) == set(tags(LABELS)) and tagger.checkpoint.source == "embedded"
    found = {(TEXT[e.start : e.end], e.label) for e in tagger(TEXT)}
    assert {("السُّكّري", "DISEASE"), ("Glucophage", "DRUG")} <= found


def test_what_finds_no_entities_is_named_as_such() -> None:
    with pytest.raises(CheckpointError, match="not a token classifier"):
        load_tagger("assets/models/viobert-mini")
    with pytest.raises(CheckpointError, match="not a masked language model"):
        load("assets/models/viobert-mini-ner")


def test_each_word_is_read_at_its_first_piece(tokenizer: Any) -> None:
    spans = words(TEXT)
    (chunk,) = chunks(tokenizer, TEXT, spans, 128)
    assert chunk.ids == tokenizer(TEXT)["input_ids"]
    assert chunk.words == list(range(len(spans)))
    encoded = tokenizer(TEXT, return_offsets_mapping=True)
    for place, word in zip(chunk.first, chunk.words, strict=True):
        start, end = encoded["offset_mapping"][place]
        assert spans[word][0] <= start < end <= spans[word][1]
        before = encoded["offset_mapping"][place - 1]
        assert place == 1 or before[1] <= spans[word][0]


@pytest.mark.parametrize("length", [12, 16, 30])
def test_a_long_text_is_cut_between_words_and_none_is_lost(tokenizer: Any, length: int) -> None:
    text = f"{TEXT} " * 6 + "ومستشفيات" * 30
    spans = words(text)
    found = chunks(tokenizer, text, spans, length)
    assert [w for c in found for w in c.words] == list(range(len(spans)))
    assert max(len(c.ids) for c in found) <= length
    pieces = [p for c in found[:-1] for p in c.ids[1:-1]]
    assert pieces == tokenizer(text, add_special_tokens=False)["input_ids"][: len(pieces)]
    for chunk in found:
        assert all(0 < place < len(chunk.ids) - 1 for place in chunk.first)


def test_many_signs_before_the_first_word_do_not_push_it_out(model: Any, tokenizer: Any) -> None:
    text = "!" * 200 + " صداع وغثيان"
    (chunk,) = chunks(tokenizer, text, words(text), 128)
    assert chunk.words == [0, 1] and max(chunk.first) < len(chunk.ids) <= 128
    assert _tagger(model, tokenizer, 128).scores(text, words(text)).shape == (2, 13)


def test_no_word_no_chunk(tokenizer: Any) -> None:
    for text in ("", " ", "؟!،", "ـــ"):
        assert chunks(tokenizer, text, words(text), 128) == []


def test_entities_are_whole_words_of_the_raw_text(model: Any, tokenizer: Any) -> None:
    tagger = _tagger(model, tokenizer, 128)
    found = tagger(TEXT)
    assert found
    starts, ends = ({s[i] for s in words(TEXT)} for i in (0, 1))
    for before, after in zip(found, found[1:], strict=False):
        assert before.end <= after.start
    for entity in found:
        assert entity.start in starts and entity.end in ends and entity.label in LABELS
        assert 0 < entity.score <= 1
    assert tagger("") == [] and tagger("؟!") == []
    scores = tagger.scores(TEXT, words(TEXT))
    short = _tagger(model, tokenizer, 12).scores(TEXT, words(TEXT))
    assert scores.shape == short.shape == (len(words(TEXT)), 13)
    np.testing.assert_allclose(np.exp(scores).sum(1), 1, atol=1e-5)


def test_spans_reach_from_the_first_word_to_the_last() -> None:
    spans = words(TEXT)
    named = ["O"] * len(spans)
    named[1] = "B-DISEASE"
    named[3], named[4], named[5], named[6] = "B-DRUG", "B-DOSAGE", "I-DOSAGE", "I-DOSAGE"
    found = entities(named, spans, [0.5] * len(spans))
    assert [(TEXT[e.start : e.end], e.label, e.score) for e in found] == [
        ("السُّكّري", "DISEASE", 0.5), ("Glucophage", "DRUG", 0.5), ("500 mg مرتين", "DOSAGE", 0.5),
    ]  # fmt: skip
