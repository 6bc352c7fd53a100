"""``python -m train STAGE RECIPE``; ``--help`` lists the stages."""

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
        if options.stage == "sweep":
            from train.sweep import sweep

            sweep(options.recipe, options.runs)
            return 0
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
    if name == "publish":
        return _publish(options)
    if name == "figures":
        from train.figures import figures

        return figures
    if name == "all":
        return _whole(options)
    from train.embed import embed

    return embed


def _whole(options: argparse.Namespace) -> Callable[[Run], object]:
    from functools import partial

    from train.whole import whole
    from viobert.checkpoints import ROOT

    place = (options.into.absolute() if options.into else ROOT) / "assets" / "models"
    return partial(whole, folder=None if options.no_embed else place)


def _publish(options: argparse.Namespace) -> Callable[[Run], object]:
    from functools import partial

    from train.files import StageError

    if options.verify:
        from train.publish.verify import verify

        return partial(verify, target=options.verify, embedded=options.embedded, seed=options.seed)
    if bool(options.out) != options.dry_run:
        raise StageError("--dry-run and --out DIR go together")
    chosen = {"public": options.public, "dry_run": options.dry_run, "out": options.out}
    if options.space is not None:
        from train.publish.stage import publish_space

        return partial(publish_space, repository=options.space, **chosen)
    from train.publish.stage import publish

    more = {"repository": options.repo, "tag": options.tag, "embedded": options.embedded}
    return partial(publish, **chosen, **more)


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
        ("figures", "README, cards and pictures anew, from the pair's records and scores"),
        ("all", "all of these in order, going on where they stopped, with the time that is left"),
        ("sweep", "one recipe with several settings and seeds → a comparison on dev documents"),
        ("publish", "the best model, its heads and card → the Hub; the page → a Space"),
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
    place = stages.choices["all"].add_mutually_exclusive_group()
    place.add_argument("--no-embed", action="store_true", help="leave assets/ and README.md alone")
    place.add_argument(
        "--into", type=Path, metavar="DIR", help="embed in DIR/assets/models instead"
    )
    _publish_options(stages.choices["publish"])
    corpus = stages.choices["corpus"]
    corpus.add_argument("--card", action="store_true", help="only write the data card anew")
    corpus.add_argument(
        "--verify", type=Path, metavar="LEDGER", help="build, then compare with another's ledger"
    )
    return parser


def _publish_options(publish: argparse.ArgumentParser) -> None:
    publish.add_argument("--repo", default="", metavar="OWNER/NAME", help="instead of the recipe's")
    publish.add_argument("--tag", default="", help="instead of the recipe's (v3.0.0)")
    publish.add_argument(
        "--embedded", action="store_true", help="the medical model in assets/models instead"
    )
    publish.add_argument(
        "--public", action="store_true", help="at the end, scored again, let everybody see it"
    )
    publish.add_argument(
        "--dry-run", action="store_true", help="write what would be pushed to --out, and no more"
    )
    publish.add_argument("--out", type=Path, metavar="DIR", help="folder for --dry-run")
    publish.add_argument(
        "--verify", metavar="REPO@TAG", help="download a release and score it again"
    )
    publish.add_argument("--seed", type=int, help="for --verify: of several seeds only this one")
    publish.add_argument(
        "--space", nargs="?", const="", metavar="OWNER/NAME", help="the page, to a Space"
    )


if __name__ == "__main__":
    sys.exit(main())
