"""HTML of the page's own parts. All text goes through ``html.escape``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape

from viobert.checkpoints import Answering, CheckpointError
from viobert.fill_mask import OwnWord, Prediction
from viobert.page.examples import examples
from viobert.page.models import Models, Outcome, Surprised, Tagged
from viobert.page.strings import TITLE, Strings
from viobert.text import has_arabic, key, ltr, rtl

Masks = list[list[Prediction]]
Match = tuple[bool, str]
# The panels are drawn from strings, never from a component's template: Gradio evaluates a filled
# template once more as JavaScript, so that text with ${…} in it would run.


def header(strings: Strings) -> str:
    """Name, purpose, and the line that must not be missed."""
    return (
        f'<h1><bdi dir="ltr">{TITLE}</bdi></h1><p class="tagline">{escape(strings.tagline)} '
        f'<a href="about?lang={strings.language}">{escape(strings.about_link)}</a></p>'
        f'<p class="warning" role="note"><b>{escape(strings.warning_title)}</b> '
        f"{escape(strings.warning)}</p>"
    )


def chip(models: Models, strings: Strings, picked: Sequence[Answering] = ()) -> str:
    """Which two models answer and from where; a line for each that could not be loaded.

    ``picked``: the two that answer where a visitor picked others than the default.
    """
    state = models.state
    answering = picked or models.answering
    title = {"loading": strings.loading, "ready": strings.ready, "failed": strings.failed}[state]
    if state == "failed" and models.error is not None:
        title += f" ({_why(models.error, strings)})"
    stand_in = any(one.checkpoint.source == "embedded" for one in answering)
    lines = "".join(f"<li>{_answering(one, strings)}</li>" for one in answering)
    whys = "".join(
        f'<p class="why">{escape(_why(one.problem, strings))}</p>'
        for one in answering
        if one.problem is not None
    )
    if models.agreement and not picked:
        share = ltr(f"{min(models.agreement):.0%}")
        whys += f'<p class="runtime">{escape(strings.agreement.format(share))}</p>'
    return (
        f'<div class="chip {state}{" stand-in" if stand_in else ""}" role="status">'
        f"<span>{escape(title)}</span>{f'<ul>{lines}</ul>' if lines else ''}{whys}</div>"
    )


def notice(
    outcome: Outcome | Surprised | Tagged, strings: Strings, others: Mapping[str, str] = {}
) -> str:
    """The problem in words, or nothing; ``others``: wordings of a tab's own."""
    problem = outcome.problem
    worded = {**strings.problems, **others}
    if problem is None:
        return ""
    if isinstance(problem, str):
        text = worded[problem]
    else:
        numbers = {"found": ltr(f"{problem.found:,}"), "limit": ltr(f"{problem.limit:,}")}
        text = worded[problem.kind].format(**numbers)
    return alert(text, strings)


def alert(text: str, strings: Strings) -> str:
    """A line that says what is wrong."""
    isolated = rtl(text) if strings.direction == "rtl" else ltr(text)
    return f'<p class="problem" role="alert">{escape(isolated)}</p>'


def panels(models: Models, outcome: Outcome, strings: Strings) -> tuple[str, str, str]:
    """General panel, medical panel, and the legend under them (empty before an answer)."""
    shown = outcome.predictions or ((), ())
    scale = max((p.probability for masks in shown for mask in masks for p in mask), default=1.0)
    shared = _shared(outcome.predictions)
    ranks = [{_match(p): p.rank for p in mask} for mask in shown[0]]
    drawn = []
    for index in range(len(strings.roles)):
        before = ranks if index else [{} for _ in ranks]
        own = outcome.own[index] if outcome.own else []
        body = _blocks(list(shown[index]), shared, scale, strings, before, own)
        title = heading(index, outcome.answering or models.answering, strings)
        drawn.append(f'<section class="panel">{title}{body}</section>')
    return drawn[0], drawn[1], _legend(outcome, any(shared), strings)


def heading(index: int, answering: Sequence[Answering], strings: Strings) -> str:
    """A panel's title: the role, and the name of the model that answers in it."""
    role = list(strings.roles.values())[index]
    name = answering[index].checkpoint.name if answering else ""
    return f'<h2>{escape(role)}<bdi dir="ltr">{escape(short(name))}</bdi></h2>'


def percent(probability: float) -> str:
    """``0.4213`` → ``42.1%``; what would round to nothing reads ``<0.1%``."""
    return "<0.1%" if probability < 0.0005 else f"{probability:.1%}"


def _legend(outcome: Outcome, any_common: bool, strings: Strings) -> str:
    if not outcome.predictions:
        return ""
    common = f"<span><i></i>{escape(strings.common)}</span>" if any_common else ""
    return (
        f"{_winner(outcome, strings)}"
        f'<p class="legend">{common}<span>{escape(strings.scale)}</span>'
        f"{_link(outcome, strings)}</p>"
    )


def _link(outcome: Outcome, strings: Strings) -> str:
    """To this example; a visitor's own sentence stays out of addresses, which are logged."""
    found = next((e for e in examples() if e.text == outcome.text), None)
    if found is None:
        return ""
    space = os.environ.get("SPACE_ID", "")
    page = f"https://huggingface.co/spaces/{space}" if space else ""
    address = escape(f"{page}?ex={found.id}&lang={strings.language}")
    return f'<span><a href="{address}">{escape(strings.share)}</a></span>'


def _winner(outcome: Outcome, strings: Strings) -> str:
    """Which model finds the visitor's word more likely, and how many times."""
    lines = []
    for general, medical in zip(*outcome.own, strict=True) if outcome.own else ():
        if not (general.known and medical.known):
            continue
        low, high = sorted((general.probability, medical.probability))
        times = high / low if low > 0 else float("inf")
        who = "medical" if medical.probability > general.probability else "general"
        told = strings.own_winner["equal" if times < 1.05 else who]
        shown = f"{times:,.0f}" if times >= 10 else f"{times:.1f}"
        title = strings.own.format(isolated(general.word))
        lines.append(f"<b>{escape(title)}</b>: {escape(told.format(ltr(shown)))}")
    return "".join(f'<p class="winner" role="status">{line}</p>' for line in lines)


def isolated(word: str) -> str:
    """A word in its own direction, whatever stands beside it."""
    return rtl(word) if has_arabic(word) else ltr(word)


def short(name: str) -> str:
    """A checkpoint's name as asked for, less the folders of this machine above it."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith(("/", "~", ".")) else name


def _answering(one: Answering, strings: Strings) -> str:
    checkpoint = one.checkpoint
    revision = f"@{checkpoint.revision[:7]}" if checkpoint.revision else ""
    name = f'<bdi dir="ltr">{escape(checkpoint.name + revision)}</bdi>'
    source = f"<small>{escape(strings.sources[checkpoint.source])}</small>"
    return f"{escape(strings.roles[one.role])}: {name} {source}"


def _why(problem: CheckpointError, strings: Strings) -> str:
    return strings.unavailable.format(ltr(short(problem.name)), strings.reasons[problem.kind])


def _match(prediction: Prediction) -> Match:
    """Equal for two predictions that read as the same word, or as the same ending."""
    return prediction.continues, key(prediction.word)


def _shared(predictions: tuple[Masks, ...]) -> list[set[Match]]:
    """For each mask, what both models expect."""
    if not predictions:
        return []
    general, medical = predictions
    return [
        {_match(p) for p in left} & {_match(p) for p in right}
        for left, right in zip(general, medical, strict=True)
    ]


def _blocks(
    masks: Masks, shared: list[set[Match]], scale: float, strings: Strings,
    before: list[dict[Match, int]], own: Sequence[OwnWord],
) -> str:  # fmt: skip
    if not masks:
        return f'<p class="waiting">{escape(strings.waiting)}</p>'
    blocks = []
    for i, (mask, common) in enumerate(zip(masks, shared, strict=True)):
        title = blank(i, len(masks), strings)
        rows = "".join(
            row(p, _match(p) in common, scale, strings, before[i].get(_match(p))) for p in mask
        )
        blocks.append(f"{title}<ol>{rows}</ol>{_own(own[i], strings) if own else ''}")
    return "".join(blocks)


def blank(index: int, count: int, strings: Strings) -> str:
    """The heading of one of several masks; nothing over the only one."""
    return f"<h3>{escape(strings.blank.format(ltr(str(index + 1))))}</h3>" if count > 1 else ""


def _own(word: OwnWord, strings: Strings) -> str:
    """The visitor's word at one mask: rank and probability."""
    title = escape(strings.own.format(isolated(word.word)))
    if not word.known:
        return f'<p class="mine">{title}: {escape(strings.own_unknown)}</p>'
    rank = escape(strings.own_rank.format(ltr(f"{word.rank:,}")))
    number = f'<bdi class="percent" dir="ltr">{escape(likely(word.probability))}</bdi>'
    note = ""
    if len(word.pieces) > 1:
        pieces = strings.own_pieces.format(ltr(str(len(word.pieces))))
        note = f"<small>{escape(pieces)}</small>"
    return f'<p class="mine"><b>{title}</b> · {rank} · {number}{note}</p>'


def likely(probability: float) -> str:
    """A probability that may be very small: percent, or a power of ten below a thousandth of it."""
    return percent(probability) if probability >= 0.0005 else f"{100 * probability:.1g}%"


def _moved(rank: int, before: int | None, strings: Strings) -> str:
    """How a word's rank differs from the general model's."""
    if before is None:
        return '<span class="moved"></span>'
    up = before - rank
    told = strings.held if not up else (strings.rose if up > 0 else strings.fell)
    told = told.format(ltr(str(abs(up))))
    sign = "=" if not up else f"{'▲' if up > 0 else '▼'}{abs(up)}"
    way = "up" if up > 0 else "down" if up else "held"
    return (
        f'<span class="moved {way}" title="{escape(told)}"><span aria-hidden="true">{ltr(sign)}'
        f'</span><span class="said">{escape(told)}</span></span>'
    )


def row(
    prediction: Prediction, common: bool, scale: float, strings: Strings, before: int | None = None
) -> str:
    """One expected word with its bar; ``before``: its rank in the general model, if it has one."""
    word = prediction.word
    direction = "rtl" if has_arabic(word) else "ltr"
    hint = f' title="{escape(strings.continuation)}"' if prediction.continues else ""
    width = 100 * prediction.probability / scale
    return (
        f'<li class="{"common" if common else "own"}"{hint}>'
        f'<span class="word"><bdi dir="{direction}">{escape(word)}</bdi>'
        f"{_moved(prediction.rank, before, strings)}</span>"
        f'<span class="track"><span style="inline-size:{width:.1f}%"></span></span>'
        f'<bdi class="percent" dir="ltr">{escape(percent(prediction.probability))}</bdi></li>'
    )


def intro(text: str) -> str:
    """What a tab is for."""
    return f'<p class="intro">{escape(text)}</p>'
