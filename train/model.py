"""The masked language model: built or loaded, its loss taken at masked places only."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional
from transformers import BertConfig, BertForMaskedLM, set_seed
from transformers.models.bert.modeling_bert import BertSelfAttention

from train import attention, ppmi
from train.batching import Batch, rounded
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


def set_dropout(model: BertForMaskedLM, hidden: float, attention: float) -> None:
    """Give the dropouts of a model their rates: of hidden states, and of attention weights."""
    for module in model.modules():
        if isinstance(module, BertSelfAttention):
            module.dropout.p = attention
        for child in module.children():
            if isinstance(child, torch.nn.Dropout) and not isinstance(module, BertSelfAttention):
                child.p = hidden
    model.config.hidden_dropout_prob = hidden
    model.config.attention_probs_dropout_prob = attention


class MaskedLM(torch.nn.Module):
    """A ``BertForMaskedLM`` on flat batches; what a distributed wrapper is put around."""

    def __init__(self, bert: BertForMaskedLM, kind: str, precision: str = "fp32") -> None:
        """``kind``: of ``attention.NAMES``; it is set on the model's configuration."""
        super().__init__()
        bert.set_attn_implementation(attention.NAMES[kind])
        self.bert, self.kind = bert, kind
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32

    def tie_weights(self, **options: Any) -> None:
        """As accelerate asks of a model that it has moved or sharded."""
        self.bert.tie_weights(**options)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Sum of the negative log-likelihoods (nats) at the masked places, a scalar.

        The prediction head runs at those places only; the result equals the loss of
        ``BertForMaskedLM`` on padded rows times the number of targets.
        """
        if self.dtype == torch.bfloat16 and batch.ids.device.type == "cpu":
            batch = rounded(batch)
        logits = self.bert.cls(self.hidden(batch)[batch.masked])
        return functional.cross_entropy(logits.float(), batch.targets, reduction="sum")

    def hidden(self, batch: Batch) -> torch.Tensor:
        """(pieces, width) states of the last layer; no document sees another."""
        options: dict[str, Any] = {}
        if self.kind == "grouped":
            heads = self.bert.config.num_attention_heads
            options["plan"] = attention.plan(batch.lengths, heads, self.dtype, batch.ids.device)
        else:
            # An upper bound: few values, so that a compiled model is compiled for few.
            longest = -(-max(batch.lengths) // 64) * 64
            options = {
                "cu_seq_lens_q": batch.bounds,
                "cu_seq_lens_k": batch.bounds,
                "max_length_q": longest,
                "max_length_k": longest,
            }
        found: torch.Tensor = self.bert.bert(
            input_ids=batch.ids[None], position_ids=batch.positions[None], **options
        ).last_hidden_state[0]
        return found
