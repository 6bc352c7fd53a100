"""Vocabulary overlap of corpora and tasks: how near their words are.

The share of the most frequent words (function words left out) that two texts have in common:
Gururangan et al. 2020 ("Don't Stop Pretraining"), who count 10,000 of them.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from train.corpus.evaluation_items import items
from train.corpus.made import read_manifest, stream_documents
from train.corpus.sources.errors import SourceError
from train.evaluate.tasks import source_hash
from train.files import Run, StageError, write_json
from train.recipe import RecipeError
from train.tokens import document_key
from viobert.text import key, words

MOST = 10_000
#: Of a corpus so many are read, chosen by hash.
DOCUMENTS = 20_000
#: Words that tell nothing of a domain: prepositions, pronouns, particles, auxiliaries, of MSA and
#: of the dialects that the texts are in.
_WORDS = """
في من على الى عن مع او ان لا ما لم لن قد هل ثم كما كل بعد قبل عند عندي حتى اذا اي هو هي هم هذا هذه
ذلك تلك التي الذي الذين كان كانت يكون تكون وهو وهي ولا وما ومن وفي به بها له لها فيه فيها منه منها
عليه عليها بين غير لكن انا انت نحن انه انها ايضا حيث منذ خلال بعض اللي مش مو شو ايش وش ليه ليش هاد
هذي دي ده دا كده هيك بس يا اه احنا انتو علي الي مثل تم يتم لو لما عم راح بدي عشان كمان لسه مافي
فيش ديال هاذ واش باش كي راه"""
FUNCTION = frozenset(key(word) for word in _WORDS.split())


def write(run: Run) -> dict[str, Any]:
    """``evaluation/overlap.json``, made anew when a text has changed: the shares in common, and how
    many words were counted of each."""
    path = run.evaluation / "overlap.json"
    base = run.base()
    made_from = [read_manifest(made).get("content") for made in (run, base) if made]
    made_from += [source_hash(run, s.name) for s in run.recipe.what.corpus.evaluation_sets]
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["made_from"] == made_from:
            return found
    counts = {name: count for name, texts in _texts(run, base) if (count := _count(texts))}
    most = min([MOST, *(len(c) for c in counts.values())])
    common = {name: {word for word, _ in c.most_common(most)} for name, c in counts.items()}
    shares = {
        a: {b: round(len(x & y) / most, 4) for b, y in common.items()} for a, x in common.items()
    }
    words_of = {name: c.total() for name, c in counts.items()}
    found = {"made_from": made_from, "most_frequent": most, "words": words_of, "share": shares}
    write_json(path, found)
    return found


def write_or_tell(run: Run, log: Any) -> dict[str, Any] | None:
    """As ``write``; an aside that cannot be had is told, and stops nothing."""
    try:
        return write(run)
    except (StageError, RecipeError, SourceError) as error:
        log(f"no vocabulary overlap: {error}")
        return None


def _texts(run: Run, base: Run | None) -> Iterator[tuple[str, Iterable[str]]]:
    for made in filter(None, (base, run)):
        some = heapq.nsmallest(
            DOCUMENTS, stream_documents(made, "train"), key=lambda d: document_key(d.id)
        )
        yield f"{made.recipe.name} corpus", (document.text for document in some)
    sets: dict[str, list[str]] = {}
    for item in items(run.recipe):
        sets.setdefault(item.source, []).append(item.text)
    yield from sets.items()


def _count(texts: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in texts:
        of_text = (key(text[start:end]) for start, end in words(text))
        found.update(word for word in of_text if word not in FUNCTION and not word.isdigit())
    return found
