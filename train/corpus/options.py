"""What a recipe may say of its corpus."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.fields import STRICT, Above0, Positive, Seed, Share


@dataclass(config=STRICT)
class Source:
    kind: Literal["files", "ahd", "shifaa", "wikipedia", "wikipedia-dump", "who"] = "files"
    """``files``: own parquet, JSONL, CSV or text; the others name where documents come from."""
    path: str = ""
    """File or glob; ``${VARIABLE}`` is expanded, relative to the recipe. ahd, shifaa: a local copy
    instead of fetching. wikipedia-dump: the ``.xml.bz2``. who: a list of addresses."""
    url: str = ""
    """wikipedia: the wiki, ``https://ar.wikipedia.org``. who: a sitemap."""
    dataset: str = ""
    """shifaa: Hub id with revision (``owner/name@commit``). ahd: Kaggle handle."""
    categories: list[str] = dataclasses.field(default_factory=list)
    """wikipedia, wikipedia-dump: categories whose articles are taken."""
    depth: Annotated[int, Field(ge=0)] = 2
    """wikipedia: levels of subcategories below these."""
    licence: str = ""
    """Licence of the documents, for sources that do not carry one with each."""
    columns: dict[str, str] = dataclasses.field(default_factory=dict)
    """files: ours → theirs, where a file names its columns otherwise (``text: Answer``)."""
    where: dict[str, str] = dataclasses.field(default_factory=dict)
    """Keep only rows whose columns equal these values."""
    setting: str = ""
    """Name under which held-out documents of this source are scored; empty: its ``source``."""
    block: Annotated[int, Field(ge=0)] = 0
    """So many neighbouring rows are one family, kept on one side of the split (segments of one
    text). 0: every document is a family of its own, by its id."""
    train_only: bool = False
    """No document is held out for dev or test: of text written to be trained on, which tells
    nothing of how well others' is read."""
    limit: Annotated[int, Field(ge=0)] = 0
    """Take at most so many documents; 0: all."""
    names: Literal["replace", "keep"] = "replace"
    """keep: people's names stay, other personal data goes. For encyclopaedias and news, whose
    people are public."""


@dataclass(config=STRICT)
class Quality:
    """Cuts on the tags of ``train/corpus/quality.py``. Limits of Gopher (Rae et al. 2021, table A1)
    are named where they exist; the defaults are laxer, for they were drawn for long web pages, and
    cut into consultations and Arabic tables."""

    min_words: Positive = 5
    """Shorter documents are excluded (Gopher 50; questions of patients are short)."""
    min_arabic: Share = 0.5
    """Least share of Arabic letters among all letters; drug names and codes are Latin."""
    max_repeated_lines: Share = 0.5
    """Most of the text in lines that stood before (Gopher 0.2)."""
    max_top_ngram: Share = 0.5
    """Most of the words in the commonest 2-, 3- or 4-gram (Gopher 0.20, 0.18, 0.16)."""
    max_repeated_ngrams: Share = 0.5
    """Most of the words in 5-grams that stood before (Gopher 0.15); a text told twice has 0.5."""
    max_boilerplate: Share = 0.5
    """Most of the text in lines that belong to the page: menus, notices, calls to subscribe."""
    max_symbols: Share = 0.5
    """Most symbols, hashes and emojis among the characters (Gopher: 0.1 a word)."""
    max_punctuation: Share = 0.5
    """Most punctuation among the characters."""
    max_digits: Share = 0.5
    """Most digits among the characters: lab reports have up to a third, tables of numbers more."""
    min_mean_word: Annotated[float, Field(strict=False, ge=0)] = 2
    """Least mean length of a word (Gopher 3, for English): spaced-out letters fall below."""
    max_mean_word: Above0 = 12
    """Greatest mean length of a word (Gopher 10): lost spaces and codes exceed it."""


@dataclass(config=STRICT)
class NearDuplicates:
    threshold: Annotated[float, Field(strict=False, gt=0, le=1)] = 0.8
    """Least Jaccard similarity of two documents' shingles to count as near-duplicates."""
    shingle: Positive = 3
    """Words a shingle."""
    bands: Positive = 20
    """Bands of the MinHash signature; two documents meet when one band is equal."""
    rows: Positive = 6
    """MinHash values a band."""


@dataclass(config=STRICT)
class EvaluationSet:
    name: str
    """Under which it is reported."""
    path: str = ""
    """Parquet, JSONL, CSV or CoNLL file; a glob for several. With ``dataset``: those of its files
    that are meant, all tables if empty."""
    dataset: str = ""
    """A data set on the Hub (``id@revision``) that holds the files."""
    columns: Annotated[list[str], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: ["text"]
    )
    """Whose text is looked for; several are joined."""
    action: Literal["remove", "report"] = "remove"
    """Leave matching documents out of the corpus, or only list the items that they match."""
    cover: Share = 0.5
    """A document that has this share of an item's 8-grams matches it; a whole item (of 8 words or
    more, or all of the document) and a shared 13-gram always do."""
    common: Positive = 10
    """An 8-gram in more items of the set than this is boilerplate and proves nothing."""


@dataclass(config=STRICT)
class Corpus:
    sources: Annotated[list[Source], Field(min_length=1)]
    """Where the documents come from."""
    licences: list[str] = dataclasses.field(default_factory=list)
    """Licences whose text may be trained on; documents under any other are excluded. Empty: any
    that ``purpose`` allows."""
    purpose: Literal["open", "research"] = "open"
    """What the weights are meant for; a source whose licence forbids it stops the run."""
    quality: Quality = dataclasses.field(default_factory=Quality)
    """What is too poor to be trained on."""
    pii: bool = True
    """Replace personal data by typed placeholders."""
    near_duplicates: NearDuplicates | None = dataclasses.field(default_factory=NearDuplicates)
    """Keep one document of each cluster; null: only exact duplicates are left out."""
    earlier: list[str] = dataclasses.field(default_factory=list)
    """Files of an older corpus that must not be repeated (the base's corpus never is)."""
    evaluation_sets: list[EvaluationSet] = dataclasses.field(default_factory=list)
    """Sets that the training text must not hold."""
    dev: Share = 0.05
    """Share of document families that choose the checkpoint."""
    test: Share = 0.1
    """Share of document families that are scored at the end only."""
    seed: Seed = 13
    """Seed of the split."""


#: What each kind of source needs (one of each group) and what else it may name.
SOURCE_KEYS: dict[str, tuple[list[tuple[str, ...]], tuple[str, ...]]] = {
    "files": ([("path",)], ("columns", "licence")),
    "ahd": ([("path", "dataset")], ("columns", "licence")),
    "shifaa": ([("path", "dataset")], ("columns", "licence")),
    "wikipedia": ([("url",), ("categories",)], ("depth", "licence")),
    "wikipedia-dump": ([("path",)], ("categories", "depth", "licence")),
    "who": ([("path", "url")], ("licence",)),
}
