"""Rules of a recipe that span several keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from train.corpus.options import SOURCE_KEYS, Source

if TYPE_CHECKING:
    from train.recipe import Recipe


def faults(recipe: Recipe) -> Iterator[str]:
    """What is wrong with a recipe, beginning with what the rest depends on."""
    yield from _corpus(recipe)
    yield from _model(recipe)
    yield from _training(recipe)
    yield from _stopping(recipe)
    yield from _evaluation(recipe)


def _corpus(recipe: Recipe) -> Iterator[str]:
    corpus = recipe.what.corpus
    for number, source in enumerate(corpus.sources):
        yield from _source(source, f"what.corpus.sources.{number}")
    names = [named.name for named in corpus.evaluation_sets]
    for named in corpus.evaluation_sets:
        if names.count(named.name) > 1:
            yield f"what.corpus.evaluation_sets: {named.name} stands twice"
        if not named.path and not named.dataset:
            yield f"what.corpus.evaluation_sets: {named.name} needs path or dataset"


def _source(source: Source, where: str) -> Iterator[str]:
    """Keys that a kind of source needs, and keys that mean nothing to it."""
    needed, optional = SOURCE_KEYS[source.kind]
    for group in needed:
        if not any(getattr(source, key) for key in group):
            yield f"{where}: kind {source.kind} needs {' or '.join(group)}"
    known = {*optional, *(key for group in needed for key in group)}
    blank = Source()
    for key in ("path", "url", "dataset", "categories", "depth", "licence", "columns"):
        if key not in known and getattr(source, key) != getattr(blank, key):
            yield f"{where}: {key} means nothing to kind {source.kind}"


def _model(recipe: Recipe) -> Iterator[str]:
    what, model = recipe.what, recipe.what.model
    if not what.base and (model is None or what.tokenizer is None):
        yield "without what.base, what.model and what.tokenizer say what to build"
    if what.continues and not what.base:
        yield "what.continues needs what.base: that of the recipe it goes on from"
    if what.base and (model or what.tokenizer):
        yield "what.model and what.tokenizer come from what.base; remove them"
    if model and model.hidden % model.heads:
        yield "what.model.heads must divide what.model.hidden"
    if model and what.training.length > model.positions:
        yield "what.training.length is above what.model.positions"


def _training(recipe: Recipe) -> Iterator[str]:
    what, training = recipe.what, recipe.what.training
    if what.masking.mask + what.masking.random > 1:
        yield "what.masking.mask + what.masking.random is above 1"
    if what.corpus.dev + what.corpus.test >= 1:
        yield "what.corpus.dev + what.corpus.test leave no training"
    if training.warmup >= training.steps:
        yield "what.training.warmup is not below what.training.steps"
    if training.replay and not what.base.endswith((".yaml", ".yml")):
        yield "what.training.replay needs a what.base that is a recipe: its documents are replayed"
    if what.masking.domain and not training.replay:
        yield "what.masking.domain needs what.training.replay: it compares the words of both texts"
    if training.replay and training.batch_size < 2:
        yield "what.training.replay leaves no document of one's own in a batch_size of 1"
    if training.short and training.short_length >= training.length:
        yield "what.training.short_length is not below what.training.length"
    if training.blend < 1 and not what.base:
        yield "what.training.blend needs what.base: from scratch there is nothing to blend with"
    if recipe.how.micro_batch < training.length:
        yield "how.micro_batch is below what.training.length: a whole window must fit"
    if recipe.how.attention == "varlen" and training.attention_dropout:
        yield "how.attention: varlen has no what.training.attention_dropout"


def _stopping(recipe: Recipe) -> Iterator[str]:
    stopping, base = recipe.what.stopping, recipe.what.base
    if not any(dataclasses.astuple(stopping.weights)):
        yield "what.stopping.weights are all 0: no evaluation could be the best"
    if stopping.weights.probe_macro_f1 and not stopping.probe:
        yield "what.stopping.weights.probe_macro_f1 needs what.stopping.probe"
    if stopping.weights.cloze_nats and not stopping.cloze:
        yield "what.stopping.weights.cloze_nats needs what.stopping.cloze"
    tested = recipe.what.evaluation.cloze
    if tested and stopping.cloze == tested.test:
        yield "what.stopping.cloze is what.evaluation.cloze.test, which no training may look at"
    if stopping.general and not stopping.general.path and not base.endswith((".yaml", ".yml")):
        yield "what.stopping.general needs a path: what.base is no recipe with dev documents"


def _evaluation(recipe: Recipe) -> Iterator[str]:
    config, base = recipe.what.evaluation, recipe.what.base
    forgetting = config.forgetting
    dialect = forgetting.dialect if forgetting else None
    labelled = {"coarse": config.coarse, "fine": config.fine, "forgetting.dialect": dialect}
    labelled |= {f"further.{name}": chosen for name, chosen in config.further.items()}
    used = {name: chosen.set for name, chosen in labelled.items() if chosen}
    used |= {"choice": config.choice.set} if config.choice else {}
    used |= {"entities": config.entities.set} if config.entities else {}
    known = {chosen.name for chosen in recipe.what.corpus.evaluation_sets}
    for name, chosen in used.items():
        if chosen and chosen not in known:
            yield f"what.evaluation.{name}.set: {chosen} is none of what.corpus.evaluation_sets"
    if len(set(config.seeds)) < len(config.seeds):
        yield "what.evaluation.seeds: one stands twice"
    if not all(config.shares):
        yield "what.evaluation.shares: 0 of the rows teach nothing"
    taken = {"coarse", "fine", "dialect"} & set(config.further)
    if taken:
        yield f"what.evaluation.further: {min(taken)} is the name of another cell"
    if forgetting and not forgetting.path and not base.endswith((".yaml", ".yml")):
        yield "what.evaluation.forgetting needs a path: what.base is no recipe with test documents"
