"""E-mail addresses, links to people's pages, and handles.

No ``\\b``: an Arabic letter is a word character to ``re``, and addresses are often glued to one.
All patterns run on folded text (lower case, ASCII digits).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from viobert.pii.fold import Folded

Found = tuple[int, int, str]

_MAILERS = "gmail|hotmail|yahoo|outlook|icloud|live|ymail|msn|protonmail|maktoob"
_EMAIL = re.compile(
    r"(?<![a-z0-9])[a-z0-9][a-z0-9._%+'-]*"
    r"(?:@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}"
    # Blanks around the sign, or a missing end: only at the well-known hosts.
    rf"|(?: ?@ ?|\(at\)|\[at\]| at )(?:{_MAILERS})(?: ?(?:\.|\(dot\)|\[dot\]|"
    rf" dot ) ?[a-z]{{2,4}})*)"
    r"(?![a-z0-9])"
)

_PAGE = r"[^\s\u0600-\u06ff\ufffc<>\"'«»()\[\]{}|\\^`,;]"
_URL = re.compile(
    r"(?<![a-z0-9@._/-])(?:https?:/{1,2})?(?:(?:www|m|mobile|web|mbasic|business|[a-z]{2}|"
    r"ar-ar)\.)?"
    r"(?:(?:facebook\.com|fb\.com|fb\.me|m\.me|instagram\.com|instagr\.am|twitter\.com|x\.com"
    r"|t\.me|telegram\.me|wa\.me|(?:api|chat)\.whatsapp\.com|threads\.(?:net|com)|linktr\.ee"
    r"|vk\.com|ask\.fm|curiouscat\.(?:me|live)|sarahah\.com|ngl\.link|bsky\.app/profile)/"
    r"|linkedin\.com/(?:in|pub)/|snapchat\.com/(?:add|t)/|tiktok\.com/@|(?:vm|vt)\.tiktok\.com/"
    r"|youtu\.be/|fb\.watch/|wa\.link/|discord\.gg/"
    r"|youtube\.com/(?:@|c/|channel/|user/|shorts/|live/|watch\?v=)|reddit\.com/u(?:ser)?/|pinterest\.com/)"
    rf"@?(?!(?:hashtag|search|intent|share|sharer|explore|home|watch|login|help|"
    rf"policies)\b){_PAGE}+"
)
_URL_TAIL = ".:!?*_-~&=%#+"

_HANDLE = re.compile(r"(?<![a-z0-9._%+@/-])@(?=[0-9._]*[a-z])[a-z0-9_](?:[a-z0-9_.]*[a-z0-9_])?")

_PLATFORM = (
    r"سناب(?:ي|تي)?(?: ?شات)?|سنابشات|"
    r"ا?نست[اغق](?:ي|تي)?|ا?نست[اي]?[قغجك]?رام(?:ي)?|ا?نستج?رام|"
    r"تويتر(?:ي)?|تيك ?توك(?:ي)?|تي?لي?[جغقك]رام(?:ي)?|تلي?[جغق]?رام|تلي?قرام|"
    r"في?س(?: ?بوك)?|لينكد ?ا?ن|يوتيوب|ثريدز|ماسنجر|سكايب|ديسكورد|منصه اكس|"
    r"instagram|insta|snapchat|snap|twitter|telegram|tiktok|facebook|skype|discord|ig"
)
_ACCOUNT = (
    r"حساب(?:ي|ه|ها|نا|هم|ك|و|اتي)?|يوزر(?:ي|ه|ها|نيم|و|ك)?|معرف(?:ي|ها)|"
    r"اكا?ونت(?:ي|ه|ها|ك|و)?|اسم المستخدم|"
    r"user ?name|user|account"
)
_FILLER = (
    r"(?:علي?|ع|في|ف|ب|هو|هي|اسمه|اسمها|تبع(?:ي|ه|ها|و|ك)?|حق(?:ي|ه|ها|ت)?|بتاع(?:ي|ه|ها|ك)?|"
    r"ديال(?:ي|ها|و|ه)?|متاع(?:ي|ها|و)?|نتاع(?:ي)?|الخاص|بي|به|بها|الجديد|الرسمي|الشخصي|باسم|"
    r"عندي|عنده|عندها|كان|المستخدم|العياده|الطبيب|الطبيبه|الدكتور|الدكتوره|الحكيم|الصفحه|حساب|"
    rf"(?:ال|عال|بال|لل|ب|ع|عل)?(?:{_PLATFORM})|(?:ال)?(?:{_ACCOUNT}))"
)
_CUED = re.compile(
    rf"(?<![^\W\d])(?:و|ف)?(?:ال|عال|بال|لل|ب|ع|عل|هال)?(?:{_PLATFORM}|{_ACCOUNT})(?![^\W\d])"
    rf"(?P<gap>(?:[ :=\-/«(\"']+{_FILLER}(?!\w))*[ :=\-«(\"'\n]+)"
    r"(?P<name>[a-z0-9_](?:[a-z0-9_.-]{0,40}[a-z0-9_]))(?![a-z0-9@]|[./][a-z])"
)
_LETTER = re.compile("[a-z]")
_CUES = (
    "سناب",
    "نست",
    "تويتر",
    "توك",
    "ليجرام",
    "ليغرام",
    "ليقرام",
    "فيس",
    "حساب",
    "ونت",
    "يوزر",
    "معرف",
    "لينكد",
    "مستخدم",
)
_LATIN_CUES = ("insta", "snap", "twitter", "telegram", "tiktok", "user", "ig", "skype", "discord")
_NOT_HANDLES = re.compile(
    rf"(?:{_PLATFORM}|{_ACCOUNT}|iban|visa|mastercard|paypal|whatsapp|live|story|chat|direct|"
    r"messages?|follow|page|pro|premium|business|[a-z]{2}\d{2}[a-z0-9]{11,})$"
)


def urls(text: str) -> Iterator[Found]:
    if "/" not in text:
        return
    for match in _URL.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(_URL_TAIL)), "URL"


def emails(text: str) -> Iterator[Found]:
    if "@" in text or " at " in text or "at)" in text or "at]" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), match.end(), "EMAIL"


def handles(text: str) -> Iterator[Found]:
    if "@" in text:
        for match in _HANDLE.finditer(text):
            yield match.start(), match.end(), "HANDLE"


def cued_handles(folded: Folded) -> Iterator[Found]:
    """A Latin name behind سناب, انستا, حسابي … Every one holds a letter and is no platform."""
    text = folded.text
    if not _LETTER.search(text) or not (
        any(cue in text for cue in _CUES) or any(cue in text for cue in _LATIN_CUES)
    ):
        return
    for match in _CUED.finditer(text):
        name = match["name"]
        if not re.search("[a-z]", name) or _NOT_HANDLES.match(name) or len(name) < 3:
            continue
        # A plain English word is a handle only where a colon introduces it, or in lower case
        # behind Arabic.
        if name.isalpha() and ":" not in match["gap"]:
            latin = text[match.start()].isascii()
            if latin or len(name) < 5 or folded.raw(match.start("name")).isupper():
                continue
        yield match.start("name"), match.end("name"), "HANDLE"
