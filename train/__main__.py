"""``python -m train corpus | pretrain | evaluate | embed RECIPE``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.files import Run


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 2 and one line on the standard error for what the user can mend."""
    options = _parser().parse_args(arguments)
    # A job that a cluster ends is interrupted as by hand: its workers end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(options)
    except ModuleNotFoundError as error:
        print(f"train: {error}; pip install -e '.[train]' installs it", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train: interrupted; the same command goes on", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    # Imported late, so that --help answers without torch.
    from train.files import Run, StageError
    from train.recipe import RecipeError, load
    from viobert.checkpoints import CheckpointError
    from viobert.scores import ScoreError

    try:
        run = Run(load(options.recipe), options.runs)
        # Of several processes that a launcher started, the first holds the run for all.
        first = os.environ.get("RANK", "0") == "0"
        with run.lock() if first else nullcontext():
            _stage(options)(run)
    except (RecipeError, StageError, CheckpointError, ScoreError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    return 0


def _stage(options: argparse.Namespace) -> Callable[[Run], object]:
    """The function of a stage; the corpus is built without torch."""
    name = options.stage
    if name == "corpus":
        from train.corpus import build

        if options.card:
            return build.card_again
        if options.verify:
            return lambda run: build.verify(run, options.verify)
        return build.build
    if name == "pretrain" and options.plot:
        from train.plot import plot

        return plot
    if name == "pretrain":
        from train.pretrain import pretrain

        return pretrain
    if name == "evaluate":
        return _evaluate(options)
    from train.embed import embed

    return embed


def _evaluate(options: argparse.Namespace) -> Callable[[Run], object]:
    from functools import partial

    chosen = {"only": options.only, "keep": options.keep}
    if options.report:
        from train.evaluate.report import report

        return partial(report, embedded=options.embedded)
    if options.embedded:
        from train.embed import rescore

        return partial(rescore, **chosen)
    from train.evaluate.stage import evaluate

    return partial(evaluate, **chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Make models: each stage "
        "reads what the one before it left in runs/<recipe name>/.",
    )
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, text in (
        ("corpus", "sources → documents.parquet, excluded.parquet, manifest.json, data card"),
        ("pretrain", "documents → tokens, checkpoints, metrics.jsonl, curves.html, best/"),
        ("evaluate", "base and adapted on the same words and tasks → scores.jsonl, report"),
        ("embed", "base and adapted → assets/models/, the pair that the page carries"),
    ):
        stage = stages.add_parser(name, help=text, description=text)
        stage.add_argument("recipe", type=Path, help="YAML, e.g. train/recipes/smoke.yaml")
        stage.add_argument(
            "--runs",
            type=Path,
            default=Path("runs"),
            help="folder that holds the runs (default: runs)",
        )
    stages.choices["evaluate"].add_argument(
        "--embedded", action="store_true", help="score the pair in assets/models instead"
    )
    evaluate = stages.choices["evaluate"]
    evaluate.add_argument(
        "--only",
        default="",
        metavar="FIELD=VALUE,…",
        help="some cells: axis, task, setting, model or seed, e.g. axis=ner,seed=42",
    )
    evaluate.add_argument(
        "--keep", action="store_true", help="keep fine-tuned heads in evaluation/heads"
    )
    evaluate.add_argument(
        "--report", action="store_true", help="only write report.html and report.md of the scores"
    )
    stages.choices["pretrain"].add_argument(
        "--plot", action="store_true", help="only draw the curves anew"
    )
    corpus = stages.choices["corpus"]
    corpus.add_argument("--card", action="store_true", help="only write the data card anew")
    corpus.add_argument(
        "--verify", type=Path, metavar="LEDGER", help="build, then compare with another's ledger"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
