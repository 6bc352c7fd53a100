"""Plain-text extracts of articles, without their sections of links."""

from __future__ import annotations

import re

from viobert.text import key

_HEADING = re.compile(r"^(={2,6})[ \t]*(.+?)[ \t]*\1[ \t]*$", re.MULTILINE)


def _keys(*titles: str) -> frozenset[str]:
    return frozenset(map(key, titles))


#: Sections of links, wherever they stand, and sections that are such only at an article's end
#: (the sources of a vitamin are no references).
_LINKS = _keys(
    "مراجع", "المراجع", "قائمة المراجع", "مراجع ومصادر", "المراجع والمصادر", "المصادر والمراجع",
    "وصلات خارجية", "الوصلات الخارجية", "روابط خارجية", "انظر أيضا", "أنظر أيضا", "اقرأ أيضا",
    "طالع أيضا", "شاهد أيضا", "معرض صور", "معرض الصور", "ببليوغرافيا", "الهوامش", "هوامش",
)  # fmt: skip
_LINKS_AT_END = _keys("مصادر", "المصادر", "ملاحظات", "حواشي", "للاستزادة", "قراءة متعمقة")


def trim(text: str) -> str:
    """A plain-text extract without its sections of links; headings become lines of their own,
    those over nothing are left out. Everything else stays as it is."""
    pieces = _HEADING.split(text)
    levels = [0, *map(len, pieces[1::3])]
    titles = ["", *(title.strip("\u200e\u200f ") for title in pieces[2::3])]
    bodies = [body.strip("\n") for body in pieces[0::3]]
    kept = [True] * len(levels)
    for i in reversed(range(len(levels))):
        below = next((j for j in range(i + 1, len(levels)) if levels[j] <= levels[i]), len(levels))
        name = key(titles[i])
        if name in _LINKS or (name in _LINKS_AT_END and not any(kept[below:])):
            kept[i:below] = [False] * (below - i)
        elif not bodies[i].strip() and not any(kept[i + 1 : below]):
            kept[i] = False
    lines = [f"{titles[i]}\n{bodies[i]}".strip("\n") for i in range(len(levels)) if kept[i]]
    return "\n".join(lines).strip()
