"""The results in plain words: what is better, what is not, and what got worse."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from viobert.naming import LOOKS, axis, interval, name, number, setting, unit
from viobert.page.measured import LEVEL, Measured, chance, isolated, shown_name, value_of
from viobert.page.strings.results import ResultsStrings
from viobert.scores import Score

_TOP = "fill_mask_top5"
#: The setting nearest to a clinician's day.
_LEADING = ("intrinsic", "consultations")


def answer(measured: Measured, texts: ResultsStrings) -> str:
    """Which model knows more medicine, and what that cost."""
    gains = measured.gains
    lead = [s for s in gains if s.axis == _LEADING[0]]
    lead.sort(key=lambda s: s.setting != _LEADING[1])
    tops = [top for s in lead if (top := measured.of(s, _TOP))]
    said = _lead(measured, tops, texts) if tops else ""
    small = _fill(
        texts.small, base=isolated(shown_name((gains[0].against or "").partition("@")[0])),
        model=isolated(shown_name(gains[0].model)),
    )  # fmt: skip
    return (
        f'<section class="answer"><h2>{escape(texts.question)}</h2>{said}'
        f"<p>{_tally(gains, texts)}</p>"
        f"<h3>{escape(texts.worse)}</h3>{_list(_worse(measured, texts), texts)}"
        f"<h3>{escape(texts.not_better)}</h3>{_list(_not_better(measured, texts), texts)}"
        f'<p class="small-pair" role="note">{small}</p></section>'
    )


def _lead(measured: Measured, tops: Sequence[Score], texts: ResultsStrings) -> str:
    first, others = tops[0], tops[1:]
    lines = "".join(
        f"<li>{escape(setting(s, texts.words))}: {_difference(s, texts)}</li>" for s in others
    )
    also = f"<p>{escape(texts.also)}</p><ul>{lines}</ul>" if others else ""
    verdict = escape(texts.answers[first.verdict])
    return (
        f'<p class="lead"><b>{verdict}</b> {_both(texts.lead, measured, first)}</p>{also}'
    )  # fmt: skip


def _both(template: str, measured: Measured, gain: Score, **more: str) -> str:
    """A sentence with both models' values, their difference, and what it is of."""
    general, medical = measured.pair(gain)
    return _fill(
        template, general=value_of(general), medical=value_of(medical), value=value_of(gain),
        interval=isolated(interval(gain)), n=isolated(f"{gain.n:,}"),
        documents=isolated(f"{gain.documents:,}"), **more,
    )  # fmt: skip


def _fill(template: str, **html: str) -> str:
    """A text with HTML in the place of its braces."""
    return escape(template, quote=False).format(**html)


def _difference(score: Score, texts: ResultsStrings) -> str:
    numbers = isolated(f"{number(score, score.value)} {interval(score)}")
    return f"{numbers} {escape(unit(score, texts.words))}".rstrip()


def _list(lines: Sequence[str], texts: ResultsStrings) -> str:
    return (
        "<ul>" + "".join(f"<li>{line}</li>" for line in lines or [escape(texts.nothing)]) + "</ul>"
    )


def _tally(gains: Sequence[Score], texts: ResultsStrings) -> str:
    count = {verdict: sum(s.verdict == verdict for s in gains) for verdict in LOOKS}
    said = _fill(
        texts.tally, total=isolated(len(gains)), gain=isolated(count["gain"]),
        loss=isolated(count["loss"]), none=isolated(count["no difference shown"]),
    )  # fmt: skip
    corrected = [s.p_holm for s in gains if s.p_holm is not None]
    if corrected:
        sure = isolated(sum(p < LEVEL for p in corrected))
        family, level = isolated(len(corrected)), isolated(f"p = {LEVEL}")
        said += " " + _fill(texts.held, family=family, sure=sure, level=level)
    return said


def _worse(measured: Measured, texts: ResultsStrings) -> list[str]:
    lines = []
    for gain in measured.gains:
        if gain.verdict != "loss":
            continue
        top = measured.of(gain, _TOP)
        if gain.axis == "forgetting" and top and top.verdict == "loss":
            lines.append(_both(texts.forgetting, measured, top))
            continue
        told = escape(name(gain, texts.words))
        line = _both(
            texts.worse_line, measured, gain, name=told, unit=escape(unit(gain, texts.words))
        )
        own = [s for s in measured.gains if s.axis == gain.axis]
        lines.append(line + (f" {escape(texts.at_chance)}" if _at_chance(measured, own) else ""))
    return lines


def _not_better(measured: Measured, texts: ResultsStrings) -> list[str]:
    lines = []
    for title in dict.fromkeys(s.axis for s in measured.gains):
        own = [s for s in measured.gains if s.axis == title]
        same = [s for s in own if s.verdict == "no difference shown"]
        if not same:
            continue
        line = _unchanged(own, same, texts)
        lines.append(line + (f" {escape(texts.at_chance)}" if _at_chance(measured, own) else ""))
    return lines


def _unchanged(own: Sequence[Score], same: Sequence[Score], texts: ResultsStrings) -> str:
    first, told = same[0], escape(unit(same[0], texts.words))
    if len(same) == 1:
        return _fill(
            texts.not_better_one, name=escape(name(first, texts.words)), value=value_of(first),
            interval=isolated(interval(first)), unit=told,
        )  # fmt: skip
    low, high = (pick(same, key=lambda s: s.value) for pick in (min, max))
    return _fill(
        texts.not_better_line, axis=escape(axis(first, texts.words)), count=isolated(len(same)),
        all=isolated(len(own)), low=value_of(low), high=value_of(high), unit=told,
    )  # fmt: skip


def _at_chance(measured: Measured, own: Sequence[Score]) -> bool:
    """Whether no interval of either model's accuracy leaves out that of guessing."""
    values = [value for gain in own for value in measured.pair(gain)]
    guesses = [(value, chance(value) if value else None) for value in values]
    return bool(values) and all(
        value is not None and guess is not None and value.low <= guess <= value.high
        for value, guess in guesses
    )
