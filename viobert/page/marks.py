"""Sentences with marked words: surprise as colour, entities with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from viobert.ner import Entity
from viobert.page.bars import heading
from viobert.page.models import Models, Surprised, Tagged
from viobert.page.strings import Strings
from viobert.surprise import WordSurprise, total
from viobert.text import ltr

#: Bits at which the colour is full, at least: a word drawn blindly from 16,000 has 14. Both models
#: have one scale, which reaches to the largest number shown.
FULL = 14.0


def surprise_rows(models: Models, found: Surprised, strings: Strings) -> str:
    """A row for each model and one for their difference, with a scale under them."""
    texts = strings.surprise
    if not found.words:
        return f'<p class="waiting">{escape(texts.waiting)}</p>'
    general, medical = found.words
    rows = []
    known = [word.bits for words in found.words for word in words if word.bits is not None]
    full = max(FULL, *known) if known else FULL
    for index, words in enumerate(found.words):
        told = texts.total.format(ltr(f"{total(words):.1f}"), ltr(str(len(words))))
        cells = [_bits(word, full) for word in words]
        rows.append(_section(
            heading(index, found.answering or models.answering, strings),
            _sentence(found.text, words, cells, strings), told,
        ))  # fmt: skip
    pairs = list(zip(general, medical, strict=True))
    cells = [_difference(before, after, full) for before, after in pairs]
    change = sum(m.bits - g.bits for g, m in pairs if g.bits is not None and m.bits is not None)
    bits = f"{abs(change):.1f}"
    told = texts.same if bits == "0.0" else texts.calmer if change < 0 else texts.wilder
    told = told.format(ltr(bits))
    title = f"<h2>{escape(texts.difference)}</h2>"
    rows.append(_section(title, _sentence(found.text, medical, cells, strings), told))
    return "".join(rows) + _scale(strings, full)


def _section(title: str, sentence: str, told: str) -> str:
    return (
        f'<section class="panel surprised">{title}{sentence}'
        f'<p class="total">{escape(told)}</p></section>'
    )


def _bits(word: WordSurprise, full: float) -> tuple[str, str]:
    """What stands under a word, and the colour of it."""
    if word.bits is None:
        return "?", ""
    share = min(1.0, max(0.0, word.bits / full))
    return f"{word.bits:.1f}", f"background:rgb(217 119 6 / {0.55 * share:.2f})"


def _difference(general: WordSurprise, medical: WordSurprise, full: float) -> tuple[str, str]:
    if general.bits is None or medical.bits is None:
        return "?", ""
    change = medical.bits - general.bits
    share = min(1.0, abs(change) / full)
    colour = "15 118 110" if change < 0 else "180 35 24"
    return f"{change:+.1f}".replace("-", "\u2212"), f"background:rgb({colour} / {0.5 * share:.2f})"


def _sentence(
    text: str, words: Sequence[WordSurprise], cells: Sequence[tuple[str, str]], strings: Strings
) -> str:
    """The text, each word over its number."""
    parts, at = [], 0
    for word, (number, style) in zip(words, cells, strict=True):
        parts.append(escape(text[at : word.start]))
        known = number != "?"
        said = f"{ltr(number)} {strings.surprise.bits}" if known else strings.surprise.unknown
        parts.append(
            f'<span class="word" title="{escape(said)}"><mark style="{style}">'
            f'{escape(text[word.start : word.end])}</mark><bdi dir="ltr">{number}</bdi></span>'
        )
        at = word.end
    parts.append(escape(text[at:]))
    return f'<p class="sentence-shown" dir="rtl" lang="ar">{"".join(parts)}</p>'


def _scale(strings: Strings, full: float) -> str:
    texts = strings.surprise
    return (
        f'<p class="legend"><span>{escape(texts.scale)}: <i class="low"></i>{escape(texts.low)} '
        f'<bdi dir="ltr">0</bdi> <i class="high"></i>{escape(texts.high)} '
        f'<bdi dir="ltr">{full:.0f}</bdi></span><span><i class="less"></i>'
        f'{escape(texts.less)}</span><span><i class="more"></i>{escape(texts.more)}</span></p>'
    )


def entity_panels(found: Tagged, strings: Strings) -> tuple[str, str]:
    """The text with each model's entities marked."""
    shown = found.entities or ((), ())
    drawn = []
    for index, (own, other) in enumerate(((shown[0], shown[1]), (shown[1], shown[0]))):
        title = heading(index, found.answering, strings)
        if not found.entities:
            body = f'<p class="waiting">{escape(strings.entities.waiting)}</p>'
        else:
            both = {(e.start, e.end, e.label) for e in other}
            body = _marked(found.text, own, both, strings)
            if not own:
                body += f'<p class="waiting">{escape(strings.entities.none)}</p>'
        drawn.append(f'<section class="panel">{title}{body}</section>')
    return drawn[0], drawn[1]


def entity_legend(strings: Strings) -> str:
    """What each colour stands for."""
    items = "".join(
        f'<span><i class="entity {label.lower()}"></i>{escape(name)}</span>'
        for label, name in strings.entities.labels.items()
    )
    return f'<p class="legend">{items}<span>* {escape(strings.entities.only_here)}</span></p>'


def _marked(
    text: str, entities: Sequence[Entity], both: set[tuple[int, int, str]], strings: Strings
) -> str:
    parts, at = [], 0
    for entity in entities:  # in order, whole words, without overlap
        parts.append(escape(text[at : entity.start]))
        label = strings.entities.labels.get(entity.label, entity.label)
        sure = strings.entities.confidence.format(ltr(f"{entity.score:.0%}"))
        alone = (entity.start, entity.end, entity.label) not in both
        stop = "؛ " if strings.direction == "rtl" else "; "
        said = sure + (f"{stop}{strings.entities.only_here}" if alone else "")
        parts.append(
            f'<mark class="entity {escape(entity.label.lower())}" title="{escape(said)}">'
            f"{escape(text[entity.start : entity.end])}"
            f"<small>{escape(label)}{'*' if alone else ''} "
            f'<bdi dir="ltr">{entity.score:.0%}</bdi></small></mark>'
        )
        at = entity.end
    parts.append(escape(text[at:]))
    return f'<p class="sentence-shown" dir="rtl" lang="ar">{"".join(parts)}</p>'
