"""Noise out, meaning untouched: digits, units, harakat and comparisons stay as they are.

E-mail addresses, profile addresses and handles stay too: the step for personal data, which comes
next, puts typed placeholders in their place.
"""

from __future__ import annotations

import html
import re
import unicodedata

from train.corpus.document import Document, Step

_FORMATTING = "b|i|u|s|em|strong|small|big|mark|sub|sup|tt|code|abbr|cite|bdi|bdo|wbr"
_INLINE = (
    "a|span|font|label|img|input|button|select|option|svg|path|audio|video|source|iframe|embed"
    "|object|param|noscript|link|meta|base|q|del|ins|kbd|var|time|ruby|rt|th|td|strike|blink"
    "|ref|nowiki|gallery|onlyinclude|noinclude|includeonly"  # of wikis
)
_BLOCK = (
    "p|br|hr|div|li|ul|ol|dl|dt|dd|h[1-6]|table|thead|tbody|tfoot|tr|caption|col|colgroup|pre"
    "|blockquote|article|section|header|footer|main|nav|aside|figure|figcaption|address|form"
    "|fieldset|legend|textarea|title|html|head|body|center|details|summary|frame|frameset"
    "|o:p|w:\\w+|v:\\w+|\\?xml|!doctype"
)
# Only names of elements are tags, so that `ضغط <90` and `p <a` stay. Repetition stops at the next
# `<`: time is linear in the text however many tags are left open.
_FORMATTING_TAG = re.compile(rf"</?(?:{_FORMATTING})(?:[\s/][^<>]{{0,2000}})?>", re.IGNORECASE)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:[\s/][^<>]{{0,5000}})?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})(?:[\s/][^<>]{{0,2000}})?>", re.IGNORECASE)
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]{0,200}\|)?([^\[\]|\n]{1,200})\]\]")
_COMMENT = re.compile(r"<!--[^<]*(?:<(?!!--)[^<]*?)*?-->")
_HIDDEN = re.compile(
    r"<(script|style|template)\b[^<>]*>[^<]*(?:<(?!/?\1\b)[^<]*)*</\1\s*>", re.IGNORECASE
)
_SUPERSCRIPT = re.compile(r"<sup>\s*([+-]?\d{1,3})\s*</sup>", re.IGNORECASE | re.ASCII)
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")

# Those that `viobert.pii` knows.
_PROFILES = (
    r"(?:facebook\.com|fb\.com|fb\.me|m\.me|instagram\.com|instagr\.am|twitter\.com|x\.com|t\.me"
    r"|telegram\.me|wa\.me|whatsapp\.com|threads\.(?:net|com)|linktr\.ee|vk\.com|ask\.fm"
    r"|curiouscat\.(?:me|live)|sarahah\.com|ngl\.link|pinterest\.com)/|bsky\.app/profile/"
    r"|linkedin\.com/(?:in|pub)/|snapchat\.com/(?:add|t)/|(?:tiktok\.com/@|v[mt]\.tiktok\.com/)"
    r"|youtube\.com/(?:@|c/|channel/|user/)|reddit\.com/u(?:ser)?/"
)
# Arabic letters belong to an address only behind / - _ = and the like: `http://x.orgانظر` is an
# address with a glued word. The last character is not the punctuation of the sentence.
_URL = re.compile(
    rf"(?:https?://|www\.)(?!(?:[a-z0-9-]+\.)*(?:{_PROFILES}))"
    r"(?:[^\s<>«»\"()\[\]\u0600-\u06ff]|\([^\s()<>]*\)|(?<=[/=_-])[\u0621-\u064a]+)*"
    r"(?<![.,;:!?'])",
    re.IGNORECASE,
)
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")

_LIGATURES = "\ufb00-\ufb06\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfc\ufe70-\ufefc"
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff0-\uffff\U000e0000-\U000e01ef"
)
_CONTROL = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff"  # private use: bullets of PDFs
_ODD = re.compile(f"[{_CONTROL}{_LINE_ENDS}{_INVISIBLE}{_LIGATURES}]")
_IS_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_IS_LIGATURE = re.compile(f"[{_LIGATURES}]")
_REPEATED = re.compile(r"([^\s\d+])\1{3,}")  # not +: `زلال ++++` is a finding

_FOUR = re.compile(r"(.)\1\1\1")  # five times faster to look for

_PASSES = 100  # tags nested deeper are not text, and time stays bounded


def clean(text: str) -> str:
    """One text in NFC without mark-up, web addresses, invisible and control characters.

    Ligatures of PDFs become letters; of a letter or tatweel that stands four or more times in a
    row two are left, of a punctuation mark three; spaces and line ends are single. Idempotent.
    """
    for _ in range(_PASSES):
        # Taking one thing out may bring another to light (`&amp;lt;b&amp;gt;`): until it settles.
        before, text = text, _once(text)
        if text == before:
            break
    return text


class Clean(Step):
    """Cleans the text and the title of a document."""

    def apply(self, document: Document) -> None:
        document.text = clean(document.text)
        if document.title:
            document.title = clean(document.title)


def _once(text: str) -> str:
    if "&" in text:
        text = html.unescape(text)
    if _ODD.search(text):
        text = _ODD.sub(_replace_odd, text)
    text = unicodedata.normalize("NFC", text)
    if "<" in text:
        text = _without_tags(text)
    if "[[" in text:
        text = _WIKI_LINK.sub(r"\1", text)
    if "://" in text or "ww." in text or "WW." in text:
        text = _without_addresses(text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    text = "\n".join(filter(None, lines))
    return _REPEATED.sub(_shorten, text) if _FOUR.search(text) else text


def _without_tags(text: str) -> str:
    text = _HIDDEN.sub(" ", _COMMENT.sub(" ", text))
    text = _SUPERSCRIPT.sub(lambda match: match[1].translate(_RAISED), text)  # 10<sup>9</sup>/L
    text = _FORMATTING_TAG.sub("", text)  # may stand within a word
    return _BLOCK_TAG.sub("\n", _INLINE_TAG.sub(" ", text))


def _without_addresses(text: str) -> str:
    shorter, found = _URL.subn(" ", text)
    return _EMPTY_BRACKETS.sub(" ", shorter) if found else text


def _replace_odd(match: re.Match[str]) -> str:
    character = match[0]
    if _IS_LIGATURE.match(character):
        letters = unicodedata.normalize("NFKC", character)
        # A lone haraka decomposes onto a space; ﷺ is a phrase that may touch the next word.
        return f" {letters} " if len(letters) > 7 else letters.replace(" ", "")
    if _IS_INVISIBLE.match(character):
        return ""
    return "\n" if character in _LINE_ENDS else " "


def _shorten(match: re.Match[str]) -> str:
    return match[1] * (2 if match[1].isalpha() or match[1] == "_" else 3)
