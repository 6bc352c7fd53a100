"""``python -m train corpus | pretrain | evaluate | embed RECIPE``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 2 and one line on the standard error for what the user can mend."""
    options = _parser().parse_args(arguments)
    # Late, so that --help answers without torch.
    try:
        from train.files import Run, StageError
        from train.recipe import RecipeError, load
        from viobert.scores import ScoreError
    except ModuleNotFoundError as error:
        print(f"train: {error}; pip install -e '.[train]' installs it", file=sys.stderr)
        return 2
    try:
        run = Run(load(options.recipe), options.runs)
        with run.lock():
            _stage(options.stage, run)
    except (RecipeError, StageError, ScoreError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train: interrupted; the same command goes on", file=sys.stderr)
        return 130
    return 0


def _stage(name: str, run: object) -> None:
    from train.files import Run, StageError

    assert isinstance(run, Run)
    if name == "corpus":
        from train.corpus.build import build

        build(run)
        return
    from viobert.checkpoints import CheckpointError

    try:
        if name == "pretrain":
            from train.pretrain import pretrain

            pretrain(run)
        elif name == "evaluate":
            from train.evaluate.stage import evaluate

            evaluate(run)
        else:
            from train.embed import embed

            embed(run)
    except CheckpointError as error:
        raise StageError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Make models: each stage "
        "reads what the one before it left in runs/<recipe name>/.",
    )
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, text in (
        ("corpus", "sources → documents.parquet, excluded.parquet, manifest.json"),
        ("pretrain", "documents → tokens, checkpoints, metrics.jsonl, best/"),
        ("evaluate", "base and adapted on the same held-out words → scores.jsonl"),
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
    return parser


if __name__ == "__main__":
    sys.exit(main())
