"""The results as tables: our own HTML, for signs flip in Gradio's from right to left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from viobert.naming import LOOKS, MARKS, interval, metric, name, number, unit
from viobert.page.measured import LEVEL, Measured, about, chance, isolated, shown_name, value_of
from viobert.page.strings import Strings
from viobert.page.strings.results import ResultsStrings
from viobert.published import Published, told
from viobert.scores import LOWER_IS_BETTER, UNCONTAMINATED, Score


def tables(measured: Measured, strings: Strings) -> str:
    """The judged differences, grouped; below, folded: the other measures, and provenance."""
    texts = strings.results
    others = [s for s in measured.differences if s not in measured.gains]
    more = _table(others, measured, strings, "")
    title = escape(texts.others).format(isolated(len(others)))
    return (
        f"{_table(measured.gains, measured, strings, _caption(measured, texts), grouped=True)}"
        f'<p><a href="about?lang={strings.language}#measured">{escape(texts.how)}</a></p>'
        f"<details><summary>{title}</summary>{more}</details>"
        f"<details><summary>{escape(texts.provenance)}</summary>"
        f"{_provenance(measured, strings)}</details>"
    )


def reported(figures: Sequence[Published], strings: Strings) -> str:
    """What others reported, with its source."""
    texts = strings.results
    rows = []
    for figure in figures:
        base = texts.words.names.get(figure.base, figure.base)
        models = escape(texts.against).format(model=isolated(figure.model), base=_name(base))
        value = isolated(told(figure)) if figure.value is not None else escape(texts.parity)
        points = f" {escape(texts.words.points)}" if figure.unit == "points" else ""
        rows.append(_row([
            escape(texts.words.published.get(figure.metric, figure.metric)), value + points,
            models, escape(texts.words.names.get(figure.language, figure.language)),
            f'<a href="{escape(figure.source)}" title="{escape(figure.note)}" rel="noopener" '
            f'target="_blank">{escape(texts.source)}</a>',
        ]))  # fmt: skip
    return _framed(texts.reported_columns.values(), "".join(rows), "", texts.reported, strings)


def _table(
    rows: Sequence[Score], measured: Measured, strings: Strings, caption: str, grouped: bool = False
) -> str:
    texts, body = strings.results, ""
    for verdict in LOOKS if grouped else [None]:
        own = [s for s in rows if verdict in (None, s.verdict)]
        if verdict:
            title = escape(texts.groups[verdict]).format(isolated(len(own)))
            body += (
                f'<tbody class="{_class(verdict)}"><tr class="group">'
                f'<th colspan="{len(texts.columns)}" scope="rowgroup">{title}</th></tr>'
            )
        else:
            body += "<tbody>"
        body += "".join(_row(_cells(s, measured, texts), _class(s.verdict)) for s in own)
        body += "</tbody>"
    return _framed(texts.columns.values(), body, caption, texts.measured, strings)


def _framed(columns: Iterable[str], body: str, caption: str, label: str, strings: Strings) -> str:
    """A table that scrolls in its own frame, which a keyboard can reach."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    told = f"<caption><span>{caption}</span></caption>" if caption else ""
    return (
        f'<div class="scores" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table dir="{strings.direction}">{told}<thead><tr>{head}</tr></thead>{body}</table></div>'
    )


def _row(cells: Sequence[str], kind: str = "") -> str:
    first, *rest = cells
    told = f' class="{kind}"' if kind else ""
    return f'<tr{told}><th scope="row">{first}</th>{"".join(f"<td>{c}</td>" for c in rest)}</tr>'


def _class(verdict: str) -> str:
    return {"gain": "gain", "loss": "loss"}.get(verdict, "same")


def _cells(score: Score, measured: Measured, texts: ResultsStrings) -> list[str]:
    words = texts.words
    general, medical = measured.pair(score)
    unseen = score.items == UNCONTAMINATED
    change = isolated(f"{number(score, score.value)} {interval(score)}")
    seeds = about(score, "seeds")
    p = "–" if score.p_holm is None else isolated(_probability(score.p_holm))
    return [
        escape(name(score, words)) + (_small(escape(texts.unseen)) if unseen else ""),
        _measure(score, texts), value_of(general), value_of(medical),
        f"{change} {_unit(score, texts)}", p, _verdict(score, texts),
        isolated(f"{score.n:,} / {score.documents:,}"),
        isolated(len(seeds)) if isinstance(seeds, list) else "–",
    ]  # fmt: skip


def _measure(score: Score, texts: ResultsStrings) -> str:
    told = escape(metric(score, texts.words))
    if score.metric in LOWER_IS_BETTER:
        told += _small(escape(texts.lower))
    guess = chance(score)
    if guess is not None:
        told += _small(escape(texts.chance).format(isolated(f"{100 * guess:.1f}%")))
    return told


def _unit(score: Score, texts: ResultsStrings) -> str:
    told = unit(score, texts.words)
    return f'<span class="unit">{escape(told)}</span>' if told else ""


def _verdict(score: Score, texts: ResultsStrings) -> str:
    mark = f'<span aria-hidden="true">{MARKS[score.verdict]}</span> '
    loose = (
        score.p_holm is not None
        and score.p_holm >= LEVEL
        and score.verdict != "no difference shown"
    )
    note = _small(escape(texts.uncorrected)) if loose else ""
    return f"{mark}{escape(texts.words.verdicts[score.verdict])}{note}"


def _small(html: str) -> str:
    return f"<small>{html}</small>"


def _probability(p: float) -> str:
    return "<0.0001" if p < 0.00005 else f"{p:.4f}"


def _name(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _caption(measured: Measured, texts: ResultsStrings) -> str:
    """Which models, when, by which code, on which data. The base may have been measured before."""
    gains = measured.gains
    base, _, revision = (gains[0].against or "").partition("@")

    comma = "، " if texts.words.direction == "rtl" else ", "

    def all_of(*path: str) -> str:
        found = dict.fromkeys(str(about(s, *path) or "–") for s in measured.rows)
        return comma.join(_name(texts.words.names.get(one, one)) for one in found)

    days = dict.fromkeys(str(about(s, "time") or "–")[:10] for s in measured.rows)
    return escape(texts.caption).format(
        base=isolated(shown_name(base)), base_revision=isolated(revision),
        model=isolated(shown_name(gains[0].model)), revision=isolated(gains[0].revision),
        days=comma.join(map(isolated, days)), code=all_of("code"), recipe=all_of("recipe"),
        data=all_of("dataset", "name"),
    )  # fmt: skip


def _provenance(measured: Measured, strings: Strings) -> str:
    texts, rows = strings.results, []
    for score in measured.gains:
        data = str(about(score, "dataset", "name") or "–")
        seeds = about(score, "seeds")
        rows.append(_row([
            escape(name(score, texts.words)), _name(texts.words.names.get(data, data)),
            isolated(about(score, "dataset", "rows") or "–"),
            isolated(about(score, "dataset", "hash") or "–"),
            isolated(", ".join(map(str, seeds))) if isinstance(seeds, list) else "–",
            "–" if score.p is None else isolated(_probability(score.p)),
            isolated(about(score, "code") or "–"), isolated(about(score, "time") or "–"),
        ]))  # fmt: skip
    columns = texts.provenance_columns.values()
    return _framed(columns, "".join(rows), "", texts.provenance, strings)
