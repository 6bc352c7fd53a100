"""How fast this machine trains: some steps of the trainer's own arithmetic on random pieces."""

from __future__ import annotations

import dataclasses
import json
import time

import torch
from transformers import BertConfig, BertForMaskedLM

from train import cost
from train.batching import Batch
from train.cost import Shape
from train.estimate import FILLED, MINI
from train.files import Run
from train.optimisation import Optimisation, accelerator
from train.recipe import Recipe

#: A base whose configuration is not here is taken for MARBERTv2.
MARBERT = Shape(12, 768, 12, 3072, 100_000, 163_000_000)
SECONDS = 2.0


def shape(run: Run) -> Shape:
    """The numbers of a run's model, before it is there."""
    base, what = run.base(), run.recipe.what
    if base:
        return shape(base)
    if what.model and what.tokenizer:
        m, vocabulary = what.model, what.tokenizer.vocab_size
        parameters = m.hidden * (vocabulary + m.layers * (4 * m.hidden + 2 * m.intermediate))
        return Shape(m.layers, m.hidden, m.heads, m.intermediate, vocabulary, parameters)
    path = run.recipe.resolve(what.base) / "config.json"
    if not path.exists():
        return MARBERT
    c = json.loads(path.read_text(encoding="utf-8"))
    names = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size")
    layers, hidden, heads, inner = (int(c[name]) for name in names)
    parameters = hidden * (c["vocab_size"] + layers * (4 * hidden + 2 * inner))
    return Shape(layers, hidden, heads, inner, c["vocab_size"], parameters)


def flops(recipe: Recipe, of: Shape) -> float:
    """Of training, a word piece."""
    one = batch(recipe, of, 1)
    return cost.flops(of, [one]) / one.pieces


def batch(recipe: Recipe, of: Shape, documents: int) -> Batch:
    """Random pieces: as many documents as asked, as long and as masked as a step's may be."""
    length = max(2, round(recipe.what.training.length * FILLED))
    pieces = documents * length
    masked = torch.arange(0, pieces, max(1, round(1 / recipe.what.masking.rate)))
    return Batch(
        ids=torch.randint(of.vocabulary, (pieces,)),
        positions=torch.arange(length).repeat(documents),
        bounds=torch.arange(0, pieces + 1, length, dtype=torch.int32),
        lengths=[length] * documents,
        masked=masked,
        targets=torch.randint(of.vocabulary, masked.shape),
    )


def rate(run: Run, seconds: float = SECONDS) -> float:
    """FLOP/s of training, measured for about ``seconds``.

    With the recipe's own model, a small one replaced by the mini: overhead tells nothing of the
    rest.
    """
    own, how = shape(run), run.recipe.how
    of = own if own.parameters > MINI.parameters else MINI
    before = torch.get_num_threads()
    torch.set_num_threads(how.threads or before)
    try:
        return _measured(run.recipe, of, _core(run, of), seconds)
    finally:
        torch.set_num_threads(before)


def _measured(recipe: Recipe, of: Shape, core: Optimisation, seconds: float) -> float:
    """From few documents to a whole micro-batch; what counts is the largest that was reached."""
    length = recipe.what.training.length * FILLED
    most = max(1, min(recipe.what.training.batch_size, int(recipe.how.micro_batch / length)))
    documents, work, taken = min(8, most), 0.0, 0.0
    begun = time.perf_counter()
    core.update(0, [batch(recipe, of, documents)])  # warms up
    while time.perf_counter() - begun < seconds or not taken:
        if documents < most:
            documents, work, taken = min(2 * documents, most), 0.0, 0.0
        some = batch(recipe, of, documents)
        start = time.perf_counter()
        float(core.update(0, [some]).loss)  # waits for a GPU
        taken += time.perf_counter() - start
        work += cost.flops(of, [some])
    return work / taken


def _core(run: Run, of: Shape) -> Optimisation:
    recipe = run.recipe
    how = dataclasses.replace(recipe.how, trackers=[], compile=False)
    config = BertConfig(
        vocab_size=of.vocabulary,
        hidden_size=of.hidden,
        num_hidden_layers=of.layers,
        num_attention_heads=of.heads,
        intermediate_size=of.intermediate,
        max_position_embeddings=recipe.what.training.length,
    )
    ready = accelerator(how, run.folder)
    return Optimisation(BertForMaskedLM(config), recipe.what.training, how, ready)
