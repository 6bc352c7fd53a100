"""The release test: a pushed revision is downloaded and measured again."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from train.corpus.funnel import table
from train.corpus.made import read_manifest
from train.evaluate import compare
from train.evaluate.axes import classes, entities, registry
from train.evaluate.grid import cells, choose, fill, gather, left
from train.evaluate.measures import measures
from train.evaluate.stage import context_of
from train.files import Run, StageError
from train.lineage import base_name, deciding
from train.publish import facts, hub
from train.publish.check import opened
from train.publish.heads import Head, candidates
from train.publish.hub import Place
from train.publish.metadata import key, told
from viobert import scores
from viobert.checkpoints import EMBEDDED, SEATS
from viobert.scores import ALL, PRIMARY

#: What a value may differ by when it is measured again; of a perplexity, its share.
TOLERANCE = 1e-4
#: The same for a head that was scored before its weights were rounded to half precision: some item
#: on the edge may fall on the other side (one entity of the embedded pair: 0.0013 of F1).
HALVED = 5e-3


@dataclasses.dataclass(frozen=True)
class Again:
    """A value of a card, and what it is when it is measured again."""

    what: str
    metric: str
    card: float
    again: float
    within: float = TOLERANCE

    @property
    def same(self) -> bool:
        size = abs(self.card) if self.metric == "word_perplexity" else 1.0
        return abs(self.card - self.again) <= self.within * size


def verify(
    run: Run, target: str, log: Any = print, embedded: bool = False, seed: int | None = None
) -> list[Again]:
    """Download ``REPOSITORY@TAG`` into an empty cache, compare each file with its hash, and its
    card with the intrinsic axis and one task, scored again.

    ``seed``: score that of several seeds alone, and compare with its rows in ``scores.jsonl``. The
    recipe's corpus and sets must be here. Raises ``StageError`` for what differs.
    """
    name, at, tag = target.partition("@")
    if not at or not tag:
        raise StageError(f"{target}: a revision is needed, as in {name or 'owner/name'}@v3.0.0")
    if seed is not None and seed not in run.recipe.what.evaluation.seeds:
        raise StageError(f"{run.recipe.path}: seed {seed} is none of what.evaluation.seeds")
    api = hub.connect(to_write=False)
    name = hub.owned(api, name)
    with hub.empty_cache() as cache:
        folder = _fetched(api, name, tag, cache, log)
        hint = _not_the_same(run, folder)
        found = _intrinsic(run, folder, embedded, seed, log)
        found += _task(run, api, name, tag, folder, cache, seed, log)
    log(table(["what", "metric", "card", "again", ""],
              [[a.what, a.metric, f"{a.card:.6f}", f"{a.again:.6f}", "same" if a.same else "OTHER"]
               for a in found]))  # fmt: skip
    other = [a for a in found if not a.same]
    if other:
        raise StageError(
            f"{name}@{tag} is not what its card says: {len(other)} of {len(found)} values differ, "
            f"{other[0].what}, {other[0].metric}: {other[0].again:.6f}, not {other[0].card:.6f}"
            f"{hint}"
        )
    within = max(a.within for a in found)
    log(f"{name}@{tag}: {len(found)} values of its cards came out again, within {within:g}")
    return found


def _fetched(api: HfApi, name: str, tag: str, cache: Path, log: Any) -> Path:
    """A revision as downloaded, every file being what the Hub states."""
    place = Place(name)
    stated = hub.declared(api, place, tag)
    with hub.saying(name):
        folder = Path(api.snapshot_download(name, revision=tag, cache_dir=cache))
    for path, of in stated.items():
        if of not in hub.hashes(folder / path):
            raise StageError(f"{name}@{tag}: {path} is not what the Hub states ({of[:12]})")
    log(f"{name}@{tag}: {len(stated)} files, each with the hash that the Hub states")
    return folder


def _not_the_same(run: Run, folder: Path) -> str:
    """What here is not as it was for the release: it may be that which differs."""
    record = facts.read(folder)
    if record["recipe"]["digest"] != deciding(run.recipe):
        return f"; but it was released by another recipe ({record['recipe']['digest']})"
    if record["corpus"]["content"] != read_manifest(run).get("content"):
        return "; but the corpus here is another than the released model's"
    return ""


def _known(folder: Path, seed: int | None) -> dict[tuple[str, str], float]:
    """What the card tells, and what ``scores.jsonl`` does of a seed alone."""
    rows = scores.read(folder / "scores.jsonl") if seed is not None else ()
    model = facts.read(folder)["name"]
    one = {(key(s), s.metric): s.value for s in rows
           if s.model == model and s.seed == seed and not s.against and s.items == ALL}  # fmt: skip
    return {**told((folder / "README.md").read_text(encoding="utf-8")), **one}


def _intrinsic(run: Run, folder: Path, embedded: bool, seed: int | None, log: Any) -> list[Again]:
    """Every value of the intrinsic axis."""
    model = facts.read(folder)["name"]
    base = str(EMBEDDED / Path(SEATS["general"].stand_in).name) if embedded else base_name(run)
    models = {model: str(folder)} if not base else {"base": base, model: str(folder)}
    only = f"axis=intrinsic,model={model}"
    return _scored(run, models, only, "intrinsic.", seed, folder, log)


def _scored(
    run: Run, models: dict[str, str], only: str, prefix: str, seed: int | None, released: Path,
    log: Any,
) -> list[Again]:  # fmt: skip
    """Some cells, computed in a folder of their own: those of the run stay as they are.

    ``prefix``: of the keys of all values that must come out again.
    """
    several = len(run.recipe.what.evaluation.seeds) > 1
    only += f",seed={seed}" if seed is not None else ""
    with tempfile.TemporaryDirectory(prefix="viobert-again-") as folder:
        context = dataclasses.replace(context_of(run, models), folder=Path(folder))
        every = cells(context)
        if failed := fill(context, choose(every, only), log):
            raise StageError("; ".join(left(failed)))
        # Intervals are not compared: few resamples will do.
        rows = compare.scores(gather(context, every), context.subjects, {}, 10)
    wanted = seed if several else None
    # The mean over one seed alone stands for the seed.
    again = {
        (key(s), s.metric): s.value
        for s in (dataclasses.replace(s, seed=wanted) for s in rows if s.seed is None)
    }
    known = _known(released, wanted)
    ending = "" if wanted is None else f".{wanted}"
    due = [of for of in known if of[0].startswith(prefix) and of[0].endswith(ending)]
    if not due or not set(due) <= set(again):
        left_over = ", ".join(sorted({of for of, _ in set(due) - set(again)}))
        raise StageError(
            f"what was released and what {run.recipe.path} measures are not the same settings: "
            f"{left_over or f'no value of {prefix}'}"
        )
    return [Again(*of, known[of], again[of]) for of in due]


def _task(
    run: Run, api: HfApi, name: str, tag: str, folder: Path, cache: Path, seed: int | None,
    log: Any,
) -> list[Again]:  # fmt: skip
    """Each released head read again; without any, a probe of the encoder."""
    record = facts.read(folder)
    beside = record.get("heads", {})
    found = [
        _head(run, head, _fetched(api, f"{name}-{beside[head.name]}", tag, cache, log))
        for head in candidates(run, record["name"])
        if head.name in beside
    ]
    if found:
        return found
    models = {record["name"]: str(folder)}
    axis = next((a for a in registry().values() if a.name == "probing" and a.settings(run)), None)
    if axis is None:
        raise StageError(f"{name}@{tag}: no task can be scored again: no head, and no probe")
    task, setting = axis.settings(run)[0]
    only = f"axis=probing,task={task},setting={setting}"
    return _scored(run, models, only, f"probing.{task}.{setting}", seed, folder, log)


def _head(run: Run, head: Head, folder: Path) -> Again:
    """The value of a head's card, and what it says today."""
    axis = entities if head.tags else classes
    loaded = opened(head, folder)
    length = min(run.recipe.what.evaluation.fine_tuning.length, loaded.max_length)
    outcomes = axis.again(run, head.cell.task, loaded.model, loaded.tokenizer, length)
    metric = PRIMARY[head.cell.axis]
    _, found = measures(head.cell.axis, outcomes)
    value = float(found[metric].value(found[metric].counts.sum(0)))
    cell, known = head.cell, _known(folder, None)
    mean = f"{cell.axis}.{cell.task}.{cell.setting}"
    of = next(name for name in (f"{mean}.{cell.seed}", mean) if (name, metric) in known)
    kept = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("dtype")
    within = HALVED if kept == "float16" else TOLERANCE
    return Again(of, metric, known[of, metric], value, within)
