"""HTML of the judge tab. All text goes through ``html.escape``."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from viobert.feedback import FeedbackError
from viobert.feedback.report import MIN_VOTES, WinRate
from viobert.feedback.store import Status
from viobert.fill_mask import Prediction
from viobert.page import bars
from viobert.page.rounds import Round, RoundError
from viobert.page.strings import Strings
from viobert.text import ltr


def intro(strings: Strings) -> str:
    """Who is asked, and what is kept."""
    texts = strings.judge
    return (
        f'<p class="intro">{escape(texts.invitation)}</p><p class="kept">{escape(texts.kept)}</p>'
    )


def answer(
    side: str,
    masks: Sequence[Sequence[Prediction]] | None,
    strings: Strings,
    revealed: Round | None = None,
) -> str:
    """One side's words with bars on the side's own scale, and whose they were after the vote."""
    name = ""
    if revealed:
        role = "medical" if side == revealed.side else "general"
        shown = bars.short(revealed.models[role].partition("@")[0])
        name = f'<bdi dir="ltr">{escape(shown)}</bdi>'
    title = f"<h2>{escape(strings.judge.sides[side])}{name}</h2>"
    if masks is None:
        body = f'<p class="waiting">{escape(strings.judge.waiting)}</p>'
    else:
        scale = max(p.probability for mask in masks for p in mask)
        body = "".join(
            f"{bars.blank(i, len(masks), strings)}<ol>"
            f"{''.join(bars.row(p, False, scale, strings) for p in mask)}</ol>"
            for i, mask in enumerate(masks)
        )
    return f'<section class="panel">{title}{body}</section>'


def question(strings: Strings) -> str:
    """What is asked."""
    texts = strings.judge
    return f"<h3>{escape(texts.question)} <small>{escape(texts.keys)}</small></h3>"


def thanks(round_: Round, strings: Strings) -> str:
    """That the vote is kept, and which side was whose."""
    texts = strings.judge
    other = "B" if round_.side == "A" else "A"
    names = (ltr(bars.short(round_.models[role])) for role in ("general", "medical"))
    general, medical = names
    told = texts.revealed.format(texts.sides[other], general, texts.sides[round_.side], medical)
    return f'<p class="thanks" role="status"><b>{escape(texts.thanks)}</b> {escape(told)}</p>'


def reason(error: RoundError | FeedbackError, strings: Strings) -> str:
    """Why a vote was not kept."""
    texts = strings.judge
    if isinstance(error, FeedbackError):
        return texts.errors.get(error.kind, texts.errors["bad_field"]).format(types(error, strings))
    return texts.errors[error.kind]


def types(error: FeedbackError, strings: Strings) -> str:
    """What of a text is personal, in words."""
    comma = "، " if strings.direction == "rtl" else ", "
    return comma.join(strings.judge.personal.get(t, t) for t in error.types)


def told(strings: Strings, status: Status, rate: WinRate | None) -> str:
    """What the votes say so far, and where they are kept."""
    texts = strings.judge
    lines = [] if rate is None else [_rate(rate, strings)]
    lines.append(texts.status[status])
    return "".join(f'<p class="told">{escape(line)}</p>' for line in lines)


def _rate(rate: WinRate, strings: Strings) -> str:
    texts = strings.judge
    if not rate.shown or rate.value is None:
        return texts.votes.format(ltr(str(rate.votes)), ltr(str(MIN_VOTES)))
    share, bounded = ltr(f"{rate.value:.0%}"), rate.low is not None and rate.high is not None
    if bounded:
        share = texts.interval.format(f"{share} {ltr(f'[{rate.low:.0%}, {rate.high:.0%}]')}")
    said = texts.rate.format(share, ltr(str(rate.votes)), ltr(str(rate.judges)))
    if not bounded:
        return f"{said} {texts.single}"
    return said if rate.decided else f"{said} {texts.no_difference}"
