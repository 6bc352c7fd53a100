"""The masked language model: built or loaded, its loss taken at masked places only."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional
from transformers import BertConfig, BertForMaskedLM, set_seed

from train import ppmi
from train.batching import Batch
from train.recipe import Recipe
from train.tokens import Tokens


def build(recipe: Recipe, tokenizer: Any, tokens: Tokens | None) -> BertForMaskedLM:
    """A new BERT of the recipe's shape; its embeddings start from ``tokens`` if the recipe asks.

    ``tokens`` may be missing where a checkpoint will replace the weights anyway.
    """
    shape, training = recipe.what.model, recipe.what.training
    assert shape is not None, "checked when the recipe was read"
    set_seed(training.seed)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.intermediate,
            max_position_embeddings=shape.positions,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    _order_positions(model)
    if shape.ppmi_svd and tokens is not None:
        _start_from_corpus(model, tokens, shape.ppmi_window, training.seed)
    return model


def _order_positions(model: BertForMaskedLM) -> None:
    """Start position embeddings from sines (Vaswani et al., 2017), at the words' own scale.

    From noise, every position has to learn by itself which others are its neighbours.
    """
    weight = model.bert.embeddings.position_embeddings.weight
    positions, width = weight.shape
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(positions) / width))
    angle = torch.arange(positions)[:, None] * frequency
    waves = torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]
    with torch.no_grad():
        weight.copy_(waves * (ppmi.SPREAD / waves.std()))


def _start_from_corpus(model: BertForMaskedLM, tokens: Tokens, window: int, seed: int) -> None:
    weight = model.bert.embeddings.word_embeddings.weight
    vocabulary, width = weight.shape
    found = ppmi.embeddings(tokens, vocabulary, width, window, seed)
    with torch.no_grad():
        seen = torch.from_numpy(found.any(axis=1))
        weight[seen] = torch.from_numpy(found)[seen]
        model.cls.predictions.bias.copy_(torch.from_numpy(ppmi.log_unigrams(tokens, vocabulary)))


def set_dropout(model: BertForMaskedLM, rate: float) -> None:
    """Give every dropout of a model, attention's included, one rate."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = rate
    model.config.hidden_dropout_prob = rate
    model.config.attention_probs_dropout_prob = rate


def masked_loss(model: BertForMaskedLM, batch: Batch) -> torch.Tensor:
    """Sum of the negative log-likelihoods (nats) at the masked places, a scalar.

    The prediction head runs at those places only; the result equals the loss of
    ``BertForMaskedLM`` times the number of targets.
    """
    hidden = model.bert(
        input_ids=batch.ids, attention_mask=batch.attention, position_ids=batch.positions
    ).last_hidden_state
    logits = model.cls(hidden.flatten(0, 1)[batch.masked])
    return functional.cross_entropy(logits.float(), batch.targets, reduction="sum")
