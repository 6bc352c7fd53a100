"""The route that says what this is, from what, with which limits."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from viobert.page import bars
from viobert.page.models import Models
from viobert.page.scripts import SAY_LANGUAGE
from viobert.page.strings import ARABIC, STRINGS, Language, Strings
from viobert.page.tab import EVENT, QUIET


def about_html(strings: Strings, models: Models) -> str:
    """The page's text."""
    texts = strings.about
    parts = [
        f'<p><a href="./?lang={strings.language}">{escape(texts.back)}</a></p>',
        f'<p class="warning" role="note"><b>{escape(strings.warning_title)}</b> '
        f"{escape(strings.warning)}</p>",
        bars.chip(models, strings),
    ]
    for name, (title, paragraphs) in texts.sections.items():
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
        parts.append(f'<section id="{name}"><h2>{escape(title)}</h2>{body}</section>')
        if name == "data":
            parts.append(_table(strings))
    return f'<article class="about"><h1>{escape(texts.title)}</h1>{"".join(parts)}</article>'


def route(demo: gr.Blocks, models: Models) -> None:
    """Add the page at ``/about``."""
    with demo.route(ARABIC.about.title, "about"):
        shown = gr.HTML(about_html(ARABIC, models), elem_id="about")

        def arrive(request: gr.Request) -> Any:
            language: Language = "en" if request.query_params.get("lang") == "en" else "ar"
            return about_html(STRINGS[language], models)

        demo.load(arrive, None, shown, **QUIET)
        demo.load(None, None, None, js=SAY_LANGUAGE, **EVENT)


def _table(strings: Strings) -> str:
    texts = strings.about
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in texts.columns)
    rows = "".join(
        f'<tr><td>{escape(what)}</td><td><bdi dir="ltr">{escape(licence)}</bdi></td>'
        f"<td>{escape(use)}</td></tr>"
        for what, licence, use in texts.sources
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(texts.title)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
