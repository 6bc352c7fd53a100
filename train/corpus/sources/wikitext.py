"""Wikitext → plain text: what a reader of the article reads, without boxes, tables and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import mwparserfromhell
from mwparserfromhell import nodes
from mwparserfromhell.wikicode import Wikicode

_UNREAD = {
    *("ref", "references", "table", "gallery", "math", "chem", "timeline", "score", "graph"),
    *("imagemap", "hiero", "source", "syntaxhighlight", "pre", "style", "templatestyles"),
    *("mapframe", "maplink", "categorytree", "inputbox"),
}
#: Templates whose last argument is part of the sentence: the Latin name of a disease or a drug.
_LANGUAGE = re.compile(r"\s*(?:lang|lang-[\w-]+|إنج|إنجليزية|لات|لاتينية|فرن|فرنسية|ألم)\s*")
_OTHER_WIKI = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*")
_SWITCH = re.compile(r"__[^\W_]+(?:_[^\W_]+)*__")
#: Lines that begin like this are pieces of tables and boxes that were never closed.
_BROKEN = re.compile(r"\s*(?:\{\||\|\}|\||!|\}\})|.*(?:\{\{|\}\})")
_LOOSE_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?|\]\]|'{2,}")
_EMPTY_BRACKETS = re.compile(r"[ \t]*\([\s،,؛;:.]*\)")
_HEADING = "\x02"  # marks a heading until the next one has been seen


def plain(wikitext: str, unread: Iterable[str]) -> str:
    """The running text, a paragraph or a heading a line.

    ``unread`` are the prefixes, in lower case, of links that stand for something else than their
    words: files, categories. Headings without text below them are left out.
    """
    # Apostrophes are taken out below: skipping style tags keeps an odd number of them harmless.
    code = mwparserfromhell.parse(wikitext, skip_style_tags=True)
    text = _EMPTY_BRACKETS.sub("", _SWITCH.sub("", _render(code, frozenset(unread))))
    lines: list[str] = []
    for line in text.split("\n"):
        line = " ".join(_LOOSE_LINK.sub("", "" if _BROKEN.match(line) else line).split())
        if line.startswith(_HEADING) and lines and lines[-1].startswith(_HEADING):
            lines.pop()
        if line.strip(_HEADING):
            lines.append(line)
    if lines and lines[-1].startswith(_HEADING):
        lines.pop()
    return "\n".join(line.removeprefix(_HEADING) for line in lines)


def _render(code: Wikicode, unread: frozenset[str]) -> str:
    return "".join(_node(node, unread) for node in code.nodes)


def _node(node: nodes.Node, unread: frozenset[str]) -> str:
    if isinstance(node, nodes.Text):
        return str(node.value)
    if isinstance(node, nodes.Wikilink):
        prefix, colon, _ = str(node.title).partition(":")
        if colon and (prefix.strip().casefold() in unread or _OTHER_WIKI.fullmatch(prefix)):
            return ""
        shown = _render(node.title if node.text is None else node.text, unread)
        return shown.removeprefix(":")
    if isinstance(node, nodes.ExternalLink):
        return _render(node.title, unread) if node.title is not None else ""
    if isinstance(node, nodes.HTMLEntity):
        return str(node.normalize())
    if isinstance(node, nodes.Heading):
        return f"\n{_HEADING}{_render(node.title, unread).strip()}\n"
    if isinstance(node, nodes.Template) and _LANGUAGE.fullmatch(str(node.name)) and node.params:
        return _render(node.params[-1].value, unread)
    if isinstance(node, nodes.Tag):
        name = str(node.tag).strip().casefold()
        if name == "br":
            return "\n"
        return "" if name in _UNREAD or node.contents is None else _render(node.contents, unread)
    return ""  # templates, comments, arguments of templates
