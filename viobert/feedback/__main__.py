"""``python -m viobert.feedback report FILES_OR_FOLDERS… [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from viobert.feedback.records import Note, Vote
from viobert.feedback.report import MIN_VOTES, WinRate, agreement, by_pair, sides, units, win_rate
from viobert.feedback.store import PATTERN, read
from viobert.pii.measure import wilson

#: With fewer judges a bootstrap over judges knows too little of how they differ.
FEW_JUDGES = 10


def main(arguments: list[str] | None = None) -> int:
    """Print a report; 2 and one line on the standard error for what the user can mend."""
    parser = argparse.ArgumentParser(prog="python -m viobert.feedback", description=__doc__)
    report = parser.add_subparsers(required=True).add_parser("report", help="what the votes say")
    report.add_argument("paths", nargs="+", type=Path, help="files, or folders of feedback-*.jsonl")
    report.add_argument("--json", action="store_true", help="for another program")
    options = parser.parse_args(arguments)
    try:
        records = read(_files(options.paths))
    except (ValueError, OSError) as error:
        print(f"feedback: {error}", file=sys.stderr)
        return 2
    pairs = [_pair(votes) for votes in by_pair(records).values()]
    notes = _notes(records)
    if options.json:
        print(json.dumps({"pairs": pairs, "notes": notes}, ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(pairs, notes)))
    return 0


def _files(paths: Sequence[Path]) -> list[Path]:
    """Each file once: of several copies (an earlier disk's, the dataset's) the longest.

    Raises ValueError for a folder without any.
    """
    found: dict[str, Path] = {}
    for path in paths:
        inside = sorted(path.rglob(PATTERN)) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"{path}: no {PATTERN} in there")
        for file in inside:
            # Only names that end in a random id say that two files are copies.
            name = file.name if file.match(PATTERN) else str(file.resolve())
            known = found.get(name)
            if known is None or file.stat().st_size > known.stat().st_size:
                found[name] = file
    return list(found.values())


def _pair(votes: list[Vote]) -> dict[str, Any]:
    """All that is said of one pair of models."""
    rate, won = win_rate(votes), sides(votes)
    try:
        alpha, why = agreement(votes), None
    except ModuleNotFoundError as error:
        alpha, why = None, str(error)
    low, high = wilson(won["A"], won.total())
    general, medical = votes[0].pair
    return {
        "general": general,
        "medical": medical,
        "votes": rate.votes,
        "judges": rate.judges,
        "win_rate": {"value": rate.value, "low": rate.low, "high": rate.high},
        "verdict": _verdict(rate),
        "choices": rate.wins,
        "sides": {"A": won["A"], "B": won["B"], "share_A": [low, high] if won else None},
        "specialties": _counts(vote.specialty or "not given" for vote in votes),
        "reasons": _counts(reason for vote in votes for reason in vote.reasons),
        "alpha": {"value": alpha, "examples": len(units(votes)), "missing": why},
    }


def _counts(values: Iterator[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _verdict(rate: WinRate) -> str:
    """In words; who is preferred is said only with enough votes."""
    if rate.low is None:
        said = "one judge, no interval"
    elif not rate.decided:
        said = "no difference shown"
    elif not rate.shown:
        return f"fewer than {MIN_VOTES} votes"
    else:
        better = "medical" if rate.value is not None and rate.value > 0.5 else "general"
        few = f" (by fewer than {FEW_JUDGES} judges)" if rate.judges < FEW_JUDGES else ""
        return f"the {better} model is preferred{few}"
    return said if rate.shown else f"{said}, fewer than {MIN_VOTES} votes"


def _notes(records: Sequence[Vote | Note]) -> list[dict[str, str]]:
    return [
        {"day": r.day, "about": r.tab, "text": r.text}
        if isinstance(r, Note)
        else {"day": r.day, "about": f"a round, {r.winner}", "text": r.note or ""}
        for r in records
        if isinstance(r, Note) or r.note
    ]


def _lines(pairs: list[dict[str, Any]], notes: list[dict[str, str]]) -> Iterator[str]:
    for pair in pairs:
        yield from _pair_lines(pair)
        yield ""
    if not pairs:
        yield "no votes"
    if notes:
        yield f"{len(notes)} notes"
    for note in notes:
        # Isolated, so that an Arabic note does not turn the line around it.
        yield f"  {note['day']} · {note['about']} · \u2067{note['text']}\u2069"


def _pair_lines(pair: dict[str, Any]) -> Iterator[str]:
    rate, won, alpha = pair["win_rate"], pair["sides"], pair["alpha"]
    yield f"{pair['medical']} against {pair['general']}"
    yield f"  {pair['votes']} votes of {pair['judges']} judges"
    interval = "" if rate["low"] is None else f" [{rate['low']:.1%}, {rate['high']:.1%}]"
    yield f"  medical model's win rate: {rate['value']:.1%}{interval}: {pair['verdict']}"
    yield f"  choices: {_listed(pair['choices'])}"
    if won["share_A"]:
        low, high = won["share_A"]
        bias = "no bias of position shown" if low <= 0.5 <= high else "a bias of position"
        total = won["A"] + won["B"]
        yield f"  side A won {won['A']} of {total} [{low:.1%}, {high:.1%}]: {bias}"
    yield f"  specialties: {_listed(pair['specialties'])}"
    yield f"  reasons: {_listed(pair['reasons'])}"
    shown = "undefined" if alpha["value"] is None else f"{alpha['value']:.3f}"
    judged = f"over {alpha['examples']} examples judged by two or more"
    yield f"  Krippendorff's alpha: {alpha['missing'] or f'{shown}, {judged}'}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


if __name__ == "__main__":
    sys.exit(main())
