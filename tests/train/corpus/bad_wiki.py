"""The wiki that ``bad_server`` serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Article:
    id: int
    title: str
    text: str = ""
    namespace: int = 0
    flags: tuple[str, ...] = ()
    """Among ``redirect``, ``missing`` and ``disambiguation``."""


class Wiki:
    """Enough of MediaWiki's API for a reader: siteinfo, categorymembers, extracts."""

    def __init__(self) -> None:
        self.members: dict[str, list[Article | str]] = {}
        """Category, without namespace → articles, and names of subcategories."""
        self.beyond: Callable[[str], list[Article | str]] = lambda category: []
        """Members of the categories that are not in ``members``."""
        self.chunk = 500
        self.extensions = ["TextExtracts"]

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        if query.get("list") == "categorymembers":
            return self._members(query)
        if "extracts" in query.get("prop", ""):
            return {"batchcomplete": "", "query": {"pages": self._pages(query)}}
        if "siteinfo" in query.get("meta", ""):
            return {"batchcomplete": "", "query": self._about()}
        return {"error": {"code": "badvalue", "info": f"not understood: {query}"}}

    def _about(self) -> dict[str, Any]:
        return {
            "general": {"lang": "ar", "generator": "MediaWiki 1.46.0"},
            "namespaces": {
                "0": {"id": 0, "*": ""},
                "14": {"id": 14, "*": "تصنيف", "canonical": "Category"},
            },
            "namespacealiases": [{"id": 14, "*": "صنف"}],
            "extensions": [{"name": name} for name in self.extensions],
        }

    def _listed(self, category: str) -> list[Article | str]:
        found = self.members.get(category)
        return self.beyond(category) if found is None else found

    def _members(self, query: dict[str, str]) -> dict[str, Any]:
        space, _, category = query["cmtitle"].partition(":")
        if space != "تصنيف":
            return {"error": {"code": "invalidcategory", "info": "not a category"}}
        spaces = set(map(int, query["cmnamespace"].split("|")))
        found: list[dict[str, Any]] = []
        for member in self._listed(category):
            if isinstance(member, Article):
                found.append({"pageid": member.id, "ns": member.namespace, "title": member.title})
            else:
                found.append({"pageid": 1, "ns": 14, "title": f"تصنيف:{member}"})
        found = [member for member in found if member["ns"] in spaces]
        start = int(query.get("cmcontinue", "page|0").partition("|")[2])
        end = start + self.chunk
        answer: dict[str, Any] = {"query": {"categorymembers": found[start:end]}}
        if end < len(found):
            answer["continue"] = {"cmcontinue": f"page|{end}", "continue": "-||"}
        return answer

    def _pages(self, query: dict[str, str]) -> dict[str, Any]:
        """One whole extract a request, as TextExtracts gives them."""
        (number,) = map(int, query["pageids"].split("|"))
        known = [member for members in self.members.values() for member in members]
        articles = {m.id: m for m in known if isinstance(m, Article)}
        article = articles.get(number) or Article(
            number, f"مقالة {number}", f"نص المقالة {number}."
        )
        page: dict[str, Any] = {"pageid": number, "ns": article.namespace, "title": article.title}
        if "missing" in article.flags:
            return {str(number): {"pageid": number, "missing": ""}}
        page |= {"lastrevid": 7000 + number, "extract": article.text}
        if "redirect" in article.flags:
            page["redirect"] = ""
        if "disambiguation" in article.flags:
            page["pageprops"] = {"disambiguation": ""}
        return {str(number): page}
