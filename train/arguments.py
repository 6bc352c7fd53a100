"""The command line of ``python -m train``; it needs nothing but Python."""

from __future__ import annotations

import argparse
from pathlib import Path

STAGES = {
    "corpus": "sources → documents.parquet, excluded.parquet, manifest.json, data card",
    "pretrain": "documents → tokens, checkpoints, metrics.jsonl, curves.html, best/",
    "evaluate": "base and adapted on the same words and tasks → scores.jsonl, report",
    "embed": "base and adapted → assets/models/, the pair that the page carries",
    "figures": "README, cards and pictures anew, from the pair's records and scores",
    "all": "all of these in order, going on where they stopped, with the time that is left",
    "sweep": "one recipe with several settings and seeds → a comparison on dev documents",
    "publish": "the best model, its heads and card → the Hub; the page → a Space",
}


def parser() -> argparse.ArgumentParser:
    """Of all stages."""
    every = argparse.ArgumentParser(
        prog="python -m train",
        description="Make models: each stage "
        "reads what the one before it left in runs/<recipe name>/.",
    )
    stages = every.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, text in STAGES.items():
        stage = stages.add_parser(name, help=text, description=text)
        kind = "sweeps/replay" if name == "sweep" else "recipes/smoke"
        stage.add_argument("recipe", type=Path, help=f"YAML, e.g. train/{kind}.yaml")
        stage.add_argument("--runs", type=Path, default=Path("runs"),
                           help="folder that holds the runs (default: runs)")  # fmt: skip
    _corpus_options(stages.choices["corpus"])
    stages.choices["pretrain"].add_argument(
        "--plot", action="store_true", help="only draw the curves anew"
    )
    _evaluate_options(stages.choices["evaluate"])
    place = stages.choices["all"].add_mutually_exclusive_group()
    place.add_argument("--no-embed", action="store_true", help="leave assets/ and README.md alone")
    place.add_argument(
        "--into", type=Path, metavar="DIR", help="embed in DIR/assets/models instead"
    )
    _publish_options(stages.choices["publish"])
    return every


def _corpus_options(corpus: argparse.ArgumentParser) -> None:
    corpus.add_argument("--card", action="store_true", help="only write the data card anew")
    corpus.add_argument(
        "--verify", type=Path, metavar="LEDGER", help="build, then compare with another's ledger"
    )


def _evaluate_options(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument(
        "--embedded", action="store_true", help="score the pair in assets/models instead"
    )
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
