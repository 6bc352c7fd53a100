"""HTML of the page's own parts. All text goes through ``html.escape``."""

from __future__ import annotations

from html import escape

from viobert.checkpoints import Answering, CheckpointError
from viobert.fill_mask import Prediction
from viobert.page.models import Models, Outcome
from viobert.page.strings import TITLE, Strings
from viobert.text import has_arabic, key, ltr, rtl

Masks = list[list[Prediction]]
Match = tuple[bool, str]
# The panels are drawn from strings, never from a component's template: Gradio evaluates a filled
# template once more as JavaScript, so that text with ${…} in it would run.


def header(strings: Strings) -> str:
    """Name, purpose, and the line that must not be missed."""
    return (
        f'<h1><bdi dir="ltr">{TITLE}</bdi></h1><p class="tagline">{escape(strings.tagline)}</p>'
        f'<p class="warning" role="note"><b>{escape(strings.warning_title)}</b> '
        f"{escape(strings.warning)}</p>"
    )


def chip(models: Models, strings: Strings) -> str:
    """Which two models answer and from where; a line for each that could not be loaded."""
    state = models.state
    title = {"loading": strings.loading, "ready": strings.ready, "failed": strings.failed}[state]
    if state == "failed" and models.error is not None:
        title += f" ({_why(models.error, strings)})"
    stand_in = any(one.checkpoint.source == "embedded" for one in models.answering)
    lines = "".join(f"<li>{_answering(one, strings)}</li>" for one in models.answering)
    whys = "".join(
        f'<p class="why">{escape(_why(one.problem, strings))}</p>'
        for one in models.answering
        if one.problem is not None
    )
    return (
        f'<div class="chip {state}{" stand-in" if stand_in else ""}" role="status">'
        f"<span>{escape(title)}</span>{f'<ul>{lines}</ul>' if lines else ''}{whys}</div>"
    )


def notice(outcome: Outcome, strings: Strings) -> str:
    """The problem in words, or nothing."""
    problem = outcome.problem
    if problem is None:
        return ""
    if isinstance(problem, str):
        text = strings.problems[problem]
    else:
        numbers = {"found": ltr(f"{problem.found:,}"), "limit": ltr(f"{problem.limit:,}")}
        text = strings.problems[problem.kind].format(**numbers)
    isolated = rtl(text) if strings.direction == "rtl" else ltr(text)
    return f'<p class="problem" role="alert">{escape(isolated)}</p>'


def panels(models: Models, outcome: Outcome, strings: Strings) -> tuple[str, str, str]:
    """General panel, medical panel, and the legend under them (empty before an answer)."""
    shown = outcome.predictions or ((), ())
    scale = max((p.probability for masks in shown for mask in masks for p in mask), default=1.0)
    shared = _shared(outcome.predictions)
    drawn = []
    for index, role in enumerate(strings.roles):
        name = models.answering[index].checkpoint.name if models.answering else ""
        title = f'<h2>{escape(strings.roles[role])}<bdi dir="ltr">{escape(name)}</bdi></h2>'
        body = _blocks(list(shown[index]), shared, scale, strings)
        drawn.append(f'<section class="panel">{title}{body}</section>')
    return drawn[0], drawn[1], _legend(outcome, any(shared), strings)


def percent(probability: float) -> str:
    """``0.4213`` → ``42.1%``; what would round to nothing reads ``<0.1%``."""
    return "<0.1%" if probability < 0.0005 else f"{probability:.1%}"


def _legend(outcome: Outcome, any_common: bool, strings: Strings) -> str:
    if not outcome.predictions:
        return ""
    common = f"<span><i></i>{escape(strings.common)}</span>" if any_common else ""
    return f'<p class="legend">{common}<span>{escape(strings.scale)}</span></p>'


def _short(name: str) -> str:
    """A checkpoint's name as asked for, less the folders of this machine above it."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith(("/", "~", ".")) else name


def _answering(one: Answering, strings: Strings) -> str:
    checkpoint = one.checkpoint
    revision = f"@{checkpoint.revision[:7]}" if checkpoint.revision else ""
    name = f'<bdi dir="ltr">{escape(checkpoint.name + revision)}</bdi>'
    source = f"<small>{escape(strings.sources[checkpoint.source])}</small>"
    return f"{escape(strings.roles[one.role])}: {name} {source}"


def _why(problem: CheckpointError, strings: Strings) -> str:
    return strings.unavailable.format(ltr(_short(problem.name)), strings.reasons[problem.kind])


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


def _blocks(masks: Masks, shared: list[set[Match]], scale: float, strings: Strings) -> str:
    if not masks:
        return f'<p class="waiting">{escape(strings.waiting)}</p>'
    titled = len(masks) > 1
    blocks = []
    for number, (mask, common) in enumerate(zip(masks, shared, strict=True), 1):
        title = f"<h3>{escape(strings.blank.format(ltr(str(number))))}</h3>" if titled else ""
        rows = "".join(_row(p, _match(p) in common, scale, strings) for p in mask)
        blocks.append(f"{title}<ol>{rows}</ol>")
    return "".join(blocks)


def _row(prediction: Prediction, common: bool, scale: float, strings: Strings) -> str:
    word = prediction.word
    direction = "rtl" if has_arabic(word) else "ltr"
    hint = f' title="{escape(strings.continuation)}"' if prediction.continues else ""
    width = 100 * prediction.probability / scale
    return (
        f'<li class="{"common" if common else "own"}"{hint}>'
        f'<span class="word"><bdi dir="{direction}">{escape(word)}</bdi></span>'
        f'<span class="track"><span style="inline-size:{width:.1f}%"></span></span>'
        f'<bdi class="percent" dir="ltr">{escape(percent(prediction.probability))}</bdi></li>'
    )
