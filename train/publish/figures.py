"""Scores as a card tells them: gains, losses and parity alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from train.corpus.funnel import table
from train.publish.caveats import caveats, chance
from train.publish.metadata import MORE
from viobert.charts import gains
from viobert.charts import name as setting_of
from viobert.scores import ALL, PRIMARY, UNCONTAMINATED, Score, named, show, shown

_BESIDES = (
    "Of the held-out texts besides (a word's pieces are hidden together and their probabilities "
    "multiplied, so that word perplexities are far above those of single pieces; top-1, top-5 and "
    "MRR: the whole word among the answers"
)
_SHARE = "; a perplexity's difference is a share of the base's"
_HEAD = ["setting", "items (texts)", "measure", "base", "this model", "difference", "p (Holm)", ""]


def measured(name: str, scores: Sequence[Score]) -> list[str]:
    """Sections of a card on what one of the scored models can do; none without a score."""
    own = [s for s in scores if s.model == name and s.seed is None]
    if not own:
        return ["## Results\n\nNone measured for this model."]
    judged = _lines(own, scores, ALL, lambda s: s.metric == PRIMARY[s.axis])
    seeds: list[int] = next((s.envelope["seeds"] for s in own if s.envelope.get("seeds")), [])
    compared = bool(gains(own))
    of = {key: _all(s.envelope[key] for s in own) for key in ("recipe", "code")}
    told = (
        f"Measured {_days(own)} by recipe {of['recipe']}, code {of['code']}; means of seeds "
        f"{', '.join(map(str, seeds))}."
    )
    if compared:
        told += (
            " Differences are paired with the base over texts and seeds, with 95 % bootstrap "
            "intervals, from which the last column follows; p by permutation, corrected over the "
            "settings of the grid (those without one are beside it).\n\n" + summary(own)
        )
    parts = [f"## Results\n\n{told}", judged]
    if compared and (besides := caveats(scores)):
        parts.append(besides)
    if more := _lines(own, scores, ALL, lambda s: s.metric in MORE):
        parts += [f"{_BESIDES}{_SHARE if compared else ''}):", more]
    if clean := _lines(own, scores, UNCONTAMINATED, lambda s: s.metric == PRIMARY[s.axis]):
        parts += ["Without the items that a training text holds:", clean]
    return parts


def _all(names: Iterable[str]) -> str:
    """Each once."""
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def summary(own: Sequence[Score]) -> str:
    """How the settings came out, in words; losses by name."""
    found = gains(own)
    by = {verdict: [s for s in found if s.verdict == verdict]
          for verdict in ("gain", "loss", "no difference shown")}  # fmt: skip
    grid = [s for s in found if s.p_holm is not None]
    corrected = [s.verdict for s in grid if s.p_holm is not None and s.p_holm < 0.05]
    lines = [
        f"Of {len(found)} settings {len(by['gain'])} are gains, {len(by['loss'])} losses, and in "
        f"{len(by['no difference shown'])} no difference is shown. Of the {len(grid)} settings of "
        f"the grid {corrected.count('gain')} are gains and {corrected.count('loss')} losses by "
        f"the corrected p as well as by the interval ({len(corrected)} have such a p below 0.05). "
        "Of intervals taken one by one, about one in twenty misses its value by chance."
    ]
    for verdict, label in (("loss", "Losses"), ("gain", "Gains")):
        if by[verdict]:
            lines.append(f"{label}: " + "; ".join(f"{_phrase(s)}" for s in by[verdict]) + ".")
    return "\n\n".join(lines)


def _phrase(score: Score) -> str:
    return f"{setting_of(score)}, {named(score.metric)} {shown(score)}"


def _lines(own: Sequence[Score], scores: Sequence[Score], items: str, wanted: Any) -> str:
    """A table with a line a setting and metric; empty without any."""
    chosen = [s for s in own if s.items == items and not s.against and wanted(s)]
    pairs = {(*_key(s),): s for s in own if s.against and s.items == items}
    bases = {(*_key(s),): s for s in scores
             if s.model != own[0].model and not s.against and s.seed is None}  # fmt: skip
    rows = []
    for score in chosen:
        gain, base = pairs.get(_key(score)), bases.get(_key(score))
        measure = f"{named(score.metric)}{chance(score)}"
        line = [setting_of(score), f"{score.n:,} ({score.documents:,})", measure]
        if pairs:
            p = f"{gain.p_holm:.3f}" if gain and gain.p_holm is not None else ""
            line += [show(base, base.value) if base and gain else "", show(score, score.value)]
            line += [shown(gain) if gain else "", p, gain.verdict if gain else ""]
        else:
            line += [shown(score)]
        rows.append(line)
    head = _HEAD if pairs else [*_HEAD[:3], "value"]
    return table(head, rows) if rows else ""


def _key(score: Score) -> tuple[str, ...]:
    return score.axis, score.task, score.setting, score.metric, score.items


def figures(scores: Sequence[Score]) -> str:
    """The README's table: both models and the paired difference, by what each setting is judged."""
    chosen = gains(scores)
    own = [s for s in scores if s.model == chosen[0].model and s.seed is None]
    text = _lines(own, scores, ALL, lambda s: s.metric == PRIMARY[s.axis])
    text = text.replace("| base | this model |", "| base-mini | viobert-mini |", 1)
    drawn: list[int] = next((s.envelope["seeds"] for s in chosen if s.envelope.get("seeds")), [])
    seeds = ", ".join(map(str, drawn))
    told = (
        f"Measured {_days(own)}, means of seeds {seeds}. The difference is paired, with its 95 % "
        "interval (bootstrap over texts and seeds), from which the last column follows; p by "
        "permutation, corrected over the settings of the grid."
    )
    return "\n\n".join(filter(None, [told, text, caveats(scores)]))


def _days(scores: Sequence[Score]) -> str:
    return ", ".join(sorted({s.envelope["time"][:10] for s in scores}))
