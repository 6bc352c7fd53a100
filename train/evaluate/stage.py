"""The evaluate stage: base and adapted on the same items, scores with paired intervals."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tqdm import tqdm

from train.corpus.funnel import table as markdown
from train.evaluate import compare, overlap, report
from train.evaluate.axes import Context, Subject, registry
from train.evaluate.grid import cells, choose, fill, gather, left
from train.files import Run, StageError
from train.lineage import base_name, require_finished
from viobert import charts, checkpoints, scores
from viobert.checkpoints import Checkpoint
from viobert.scores import ALL, PRIMARY, Score


def evaluate(run: Run, log: Any = print, only: str = "", keep: bool = False) -> list[Score]:
    """Compute the cells that are missing for a run's model and its base; write ``scores.jsonl``.

    ``only``: some cells (``axis=ner,seed=42``); ``keep``: fine-tuned heads are kept as folders in
    ``evaluation/heads``. Raises ``StageError`` when the run is not trained, and, at the end, when
    cells failed.
    """
    require_finished(run)
    models = {run.recipe.name: str(run.best)}
    if run.recipe.what.base:
        base = run.base()
        models = {base.recipe.name if base else run.recipe.what.base: base_name(run), **models}
    return compare_models(run, models, run.scores, log, only, keep)


def compare_models(
    run: Run,
    models: dict[str, str],
    path: Path,
    log: Any = print,
    only: str = "",
    keep: bool = False,
    earlier: Sequence[Score] = (),
) -> list[Score]:
    """Compare checkpoints (name → where it lies; the base first) on what a recipe names; write
    their scores to ``path``, with ``earlier`` ones of settings whose cells are not here."""
    context = context_of(run, models, keep)
    every = cells(context)
    failed = fill(context, choose(every, only), log)
    found = gather(context, every)

    def progress(configurations: list[Any]) -> Any:
        return tqdm(configurations, desc=f"{run.recipe.name}: intervals", unit=" settings")

    resamples = run.recipe.what.evaluation.bootstrap
    size = len({c.configuration for c in every if registry()[c.axis].in_grid})
    told = {"recipe": run.recipe.digest()}
    rows = compare.scores(
        found, context.subjects, contaminated(run), resamples, size, told, progress
    )
    if rows:
        order = list(dict.fromkeys(c.configuration for c in every))
        rows = compare.beside(rows, earlier, context.subjects, order, size)
        scores.write(path, rows)
        log(table(rows))
    shares = overlap.write_or_tell(run, log)
    if charts.gains(rows):
        report.write(run.folder, rows, shares)
        log(f"{run.recipe.name}: {path}, {run.folder / 'report.html'}")
    if failed:
        lines = "\n  ".join(left(failed))
        trace = f"\n{failed[0].trace}" if failed[0].trace else ""
        raise StageError(
            f"{sum(len(r.missing) for r in failed)} of {len(every)} cells failed; the same command "
            f"tries them again:\n  {lines}{trace}"
        )
    return rows


def context_of(run: Run, models: dict[str, str], keep: bool = False) -> Context:
    """The models, loaded once to know what they are."""
    import torch

    subjects = []
    for name, place in models.items():
        loaded = checkpoints.load(place)
        subjects.append(Subject(name, str(loaded.folder), revision(loaded)))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Context(run, tuple(subjects), run.evaluation.absolute(), device, keep)


def revision(checkpoint: Checkpoint) -> str:
    """A Hub revision, or a hash of the weights (in fp32) for a model that has none."""
    if checkpoint.revision:
        return checkpoint.revision
    digest = hashlib.sha256()
    for name, tensor in sorted(checkpoint.model.state_dict().items()):
        digest.update(name.encode() + tensor.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def contaminated(run: Run) -> dict[str, set[str]]:
    """Of each evaluation set the items that the training text of a run, or of its base, holds
    (``earlier``: any document of the base, as the run's own corpus was compared with it)."""
    out: dict[str, set[str]] = {}
    for made in filter(None, (run, run.base())):
        if not made.contamination.exists():
            continue
        columns = ["set", "item", "counts", "part"]
        for row in pq.read_table(made.contamination, columns=columns).to_pylist():
            if row["counts"] and row["part"] in ("train", "earlier"):
                out.setdefault(row["set"], set()).add(row["item"])
    return out


def table(rows: Sequence[Score]) -> str:
    """The primary metric of every setting, for a terminal."""
    means = {
        (s.axis, s.task, s.setting, s.model): s for s in rows
        if s.seed is None and s.against is None and s.items == ALL and s.metric == PRIMARY[s.axis]
    }  # fmt: skip
    gains = {(s.axis, s.task, s.setting): s for s in charts.gains(rows)}
    models = list(dict.fromkeys(s.model for s in rows))
    lines = []
    for configuration in dict.fromkeys(k[:3] for k in means):
        own = [means.get((*configuration, model)) for model in models]
        gain = gains.get(configuration)
        told = ["", "", ""]
        if gain:
            told = [f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"]
            told += [f"{gain.p_holm:.4f}" if gain.p_holm is not None else "", gain.verdict]
        axis, task, setting = configuration
        values = [f"{s.value:.4f}" if s else "" for s in own]
        lines.append([axis, task, setting, PRIMARY[axis], *values, *told])
    head = ["axis", "task", "setting", "metric", *models, "difference", "p (Holm)", "verdict"]
    return markdown(head, lines)
