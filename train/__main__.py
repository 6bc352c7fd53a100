"""``python -m train STAGE RECIPE``; ``--help`` lists the stages."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from train.arguments import parser

if TYPE_CHECKING:
    from train.files import Run


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 2 and one line on the standard error for what the user can mend."""
    options = parser().parse_args(arguments)
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

            _alone("sweep")
            sweep(options.recipe, options.runs)
            return 0
        run = Run(load(options.recipe), options.runs)
        # Of several processes that a launcher started, the first holds the run for all.
        first = os.environ.get("RANK", "0") == "0"
        with run.lock() if first and options.stage != "figures" else nullcontext():
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


def _alone(stage: str) -> None:
    """``StageError`` under a launcher: only ``pretrain`` shares its work among processes."""
    from train.files import StageError

    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise StageError(f"{stage} is one process; launch python -m train pretrain instead")


def _whole(options: argparse.Namespace) -> Callable[[Run], object]:
    from functools import partial

    from train.whole import whole
    from viobert.checkpoints import ROOT

    _alone("all")
    place = (options.into.absolute() if options.into else ROOT) / "assets" / "models"
    return partial(whole, folder=None if options.no_embed else place, replace=bool(options.into))


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


if __name__ == "__main__":
    sys.exit(main())
