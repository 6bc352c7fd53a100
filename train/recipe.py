"""The dataclasses behind a recipe, and how a YAML file becomes them.

``what`` decides the weights and is hashed into the run; ``how`` decides only how fast.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid", strict=True)
# YAML 1.1 reads 1e-3 as a string and 1 as an integer: numbers alone are read leniently.
Share = Annotated[float, Field(strict=False, ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Above0 = Annotated[float, Field(strict=False, gt=0)]
Beta = Annotated[float, Field(strict=False, ge=0, lt=1)]
Length = Annotated[int, Field(ge=8)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class RecipeError(ValueError):
    """One line that names the recipe and the key or file at fault."""


@dataclass(config=_STRICT)
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
    limit: Annotated[int, Field(ge=0)] = 0
    """Take at most so many documents; 0: all."""
    names: Literal["replace", "keep"] = "replace"
    """keep: people's names stay, other personal data goes. For encyclopaedias and news, whose
    people are public."""


@dataclass(config=_STRICT)
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


@dataclass(config=_STRICT)
class NearDuplicates:
    threshold: Annotated[float, Field(strict=False, gt=0, le=1)] = 0.8
    """Least Jaccard similarity of two documents' shingles to count as near-duplicates."""
    shingle: Positive = 3
    """Words a shingle."""
    bands: Positive = 20
    """Bands of the MinHash signature; two documents meet when one band is equal."""
    rows: Positive = 6
    """MinHash values a band."""


@dataclass(config=_STRICT)
class EvaluationSet:
    name: str
    """Under which it is reported."""
    path: str
    """Parquet, JSONL, CSV or CoNLL file."""
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


@dataclass(config=_STRICT)
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


@dataclass(config=_STRICT)
class Tokenizer:
    vocab_size: Annotated[int, Field(ge=1000)] = 16000
    """Word pieces, special tokens included."""
    min_frequency: Positive = 2
    """Pieces seen less often are not learned."""


@dataclass(config=_STRICT)
class Model:
    layers: Positive = 4
    """Transformer layers."""
    hidden: Positive = 256
    """Width."""
    heads: Positive = 4
    """Attention heads; must divide ``hidden``."""
    intermediate: Positive = 1024
    """Width of the feed-forward layers."""
    positions: Positive = 256
    """Longest input in word pieces, [CLS] and [SEP] included."""
    ppmi_svd: bool = True
    """Start token embeddings from a truncated SVD of the corpus' PPMI matrix, output bias from
    log unigram frequencies, instead of noise."""
    ppmi_window: Positive = 5
    """Pieces to either side that count as co-occurring."""


@dataclass(config=_STRICT)
class Masking:
    rate: Share = 0.15
    """Expected share of words that are chosen."""
    mask: Share = 0.8
    """Share of the chosen words whose pieces all become [MASK]."""
    random: Share = 0.1
    """Share of the chosen words whose pieces all become random non-special pieces."""


@dataclass(config=_STRICT)
class Training:
    steps: Positive
    """Optimizer steps."""
    rows: Positive = 12
    """Rows a batch; whole windows of documents are packed into each."""
    length: Length = 256
    """Word pieces a row."""
    learning_rate: Above0 = 1e-3
    """Peak learning rate of AdamW."""
    warmup: Annotated[int, Field(ge=0)] = 200
    """Steps of linear warm-up."""
    decay: Share = 1.0
    """Share of the steps, the last ones, over which the rate falls linearly to 0."""
    weight_decay: Share = 0.01
    """Of AdamW; not on biases and norms."""
    betas: tuple[Beta, Beta] = (0.9, 0.98)
    """Of AdamW."""
    clip: Above0 = 1.0
    """Largest gradient norm."""
    dropout: Share = 0.0
    """Hidden and attention dropout."""
    evaluate_every: Positive = 250
    """Steps between two readings of the dev set; the best reading is kept."""
    dev_documents: Positive = 300
    """Dev documents read each time."""
    save_precision: Literal["float32", "float16"] = "float32"
    """Precision of the weights in ``best/``."""
    seed: Seed = 42
    """Seed of initialisation, order of documents, masks and dropout."""


@dataclass(config=_STRICT)
class Evaluation:
    seed: Seed = 13
    """Seed of the fixed masks and of the bootstrap."""
    folds: Annotated[int, Field(ge=1, le=7)] = 7
    """How many of the seven disjoint folds of words are scored; 7 covers each word once."""
    length: Length = 128
    """Longest window in word pieces of either model."""
    bootstrap: Positive = 10000
    """Resamples of the documents."""


@dataclass(config=_STRICT)
class What:
    corpus: Corpus
    """Documents."""
    training: Training
    """Optimisation."""
    masking: Masking = dataclasses.field(default_factory=Masking)
    """Whole-word masks."""
    base: str = ""
    """Continue from: a recipe (``mini-base.yaml``), a local folder, or a Hub id with revision
    (``UBC-NLP/MARBERTv2@<commit>``). Empty: from scratch."""
    tokenizer: Tokenizer | None = None
    """From scratch: the WordPiece tokenizer to learn from the corpus."""
    model: Model | None = None
    """From scratch: the BERT to build."""
    evaluation: Evaluation = dataclasses.field(default_factory=Evaluation)
    """How base and adapted are compared."""


@dataclass(config=_STRICT)
class How:
    executor: Literal["local", "ray", "slurm"] = "local"
    """Where the steps of the corpus run; a Ray cluster is found by ``RAY_ADDRESS``."""
    workers: Annotated[int, Field(ge=0)] = 0
    """Corpus tasks side by side; 0: as many as there are cores."""
    shard: Positive = 10000
    """Documents a task of the corpus."""
    slurm: dict[str, str] = dataclasses.field(default_factory=dict)
    """slurm: ``partition``, ``time`` and further options of sbatch."""
    precision: Literal["bf16", "fp32"] = "bf16"
    """Autocast of forward and backward."""
    threads: Annotated[int, Field(ge=0)] = 0
    """CPU threads; 0 leaves the choice to torch."""
    log_every: Positive = 20
    """Steps between two lines of ``metrics.jsonl``."""
    checkpoint_every: Positive = 500
    """Steps between two checkpoints."""


@dataclass(config=_STRICT)
class Recipe:
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Names the run's folder, ``runs/<name>/``, and the model on the page."""
    what: What
    """Decides the weights."""
    how: How = dataclasses.field(default_factory=How)
    """Decides only how fast."""
    path: Path = dataclasses.field(default=Path(), init=False)
    above: list[str] = dataclasses.field(default_factory=list, init=False)

    def resolve(self, path: str, escape: Callable[[str], str] = str) -> Path:
        """``path`` relative to the recipe's folder, each ``${VARIABLE}`` being a folder (relative
        to the current one). ``escape`` is applied to what the recipe did not write itself."""

        def expand(match: re.Match[str]) -> str:
            value = os.environ.get(match[1])
            if not value:
                raise RecipeError(f"{self.path}: {path} needs the variable {match[1]}, not set")
            return escape(os.path.abspath(os.path.expanduser(value)))

        return Path(escape(str(self.path.parent))) / re.sub(r"\$\{(\w+)\}", expand, path)

    def base_recipe(self) -> Recipe | None:
        """The recipe that makes this one's base, if the base is one."""
        if not self.what.base.endswith((".yaml", ".yml")):
            return None
        base = load(self.resolve(self.what.base))
        base.above = [*self.above, self.name]
        if base.name in base.above:
            raise RecipeError(f"{self.path}: what.base leads back to {base.name}")
        if (self.what.corpus.purpose, base.what.corpus.purpose) == ("open", "research"):
            raise RecipeError(
                f"{self.path}: purpose is open, but what.base ({base.name}) is meant for research"
            )
        return base

    def digest(self, *keys: str) -> str:
        """Hash of ``what`` (or of the named parts of it), 12 hex digits.

        Options left at their default do not enter, so that a new option changes no old run.
        """
        what = TypeAdapter(What).dump_python(self.what, exclude_defaults=True)
        part = {k: v for k, v in what.items() if not keys or k in keys}
        text = json.dumps(part, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def load(path: Path) -> Recipe:
    """Read and check a recipe; ``RecipeError`` in one line for whatever is wrong with it."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such recipe") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    try:
        # By way of JSON: pydantic's strict mode takes a mapping for a dataclass only there.
        recipe = TypeAdapter(Recipe).validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise RecipeError(f"{path}: {_first(error)}") from None
    recipe.path = path
    _check(recipe)
    return recipe


def _first(error: ValidationError) -> str:
    """The first fault in words: the key, and what is wrong with it."""
    unknown = ("extra_forbidden", "unexpected_keyword_argument")
    # A misspelt key is also a missing one: name the misspelling.
    faults = sorted(error.errors(include_url=False), key=lambda f: f["type"] not in unknown)
    fault = faults[0]
    where = ".".join(str(part) for part in fault["loc"]) or "the recipe"
    if fault["type"] in unknown:
        return f"unknown key {where}{_suggestion(fault['loc'])}"
    if fault["type"] in ("missing", "missing_argument"):
        return f"missing key {where}"
    if fault["type"].startswith("dataclass"):
        return f"{where} must be a mapping of keys"
    return f"{where}: {fault['msg'].lower()}, not {fault['input']!r}"


def _suggestion(location: tuple[Any, ...]) -> str:
    names = [
        f.name
        for c in (
            Recipe,
            What,
            How,
            Corpus,
            Source,
            Quality,
            NearDuplicates,
            EvaluationSet,
            Tokenizer,
            Model,
            Masking,
            Training,
            Evaluation,
        )
        for f in dataclasses.fields(c)
    ]
    close = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


#: What each kind of source needs (one of each group) and what else it may name.
_SOURCE_KEYS: dict[str, tuple[list[tuple[str, ...]], tuple[str, ...]]] = {
    "files": ([("path",)], ("columns", "licence")),
    "ahd": ([("path", "dataset")], ("columns", "licence")),
    "shifaa": ([("path", "dataset")], ("columns", "licence")),
    "wikipedia": ([("url",), ("categories",)], ("depth", "licence")),
    "wikipedia-dump": ([("path",)], ("categories", "depth", "licence")),
    "who": ([("path", "url")], ("licence",)),
}


def _check_source(recipe: Recipe, number: int, source: Source) -> None:
    """Keys that a kind of source needs, and keys that mean nothing to it."""
    where = f"{recipe.path}: what.corpus.sources.{number}"
    needed, optional = _SOURCE_KEYS[source.kind]
    for group in needed:
        if not any(getattr(source, key) for key in group):
            raise RecipeError(f"{where}: kind {source.kind} needs {' or '.join(group)}")
    known = {*optional, *(key for group in needed for key in group)}
    blank = Source()
    for key in ("path", "url", "dataset", "categories", "depth", "licence", "columns"):
        if key not in known and getattr(source, key) != getattr(blank, key):
            raise RecipeError(f"{where}: {key} means nothing to kind {source.kind}")


def _check(recipe: Recipe) -> None:
    """Rules that span several keys."""
    what = recipe.what
    for number, source in enumerate(what.corpus.sources):
        _check_source(recipe, number, source)
    names = [named.name for named in what.corpus.evaluation_sets]
    for name in names:
        if names.count(name) > 1:
            raise RecipeError(f"{recipe.path}: what.corpus.evaluation_sets: {name} stands twice")
    scratch = not what.base
    if scratch and (what.model is None or what.tokenizer is None):
        raise RecipeError(
            f"{recipe.path}: without what.base, what.model and what.tokenizer say what to build"
        )
    if not scratch and (what.model or what.tokenizer):
        raise RecipeError(
            f"{recipe.path}: what.model and what.tokenizer come from what.base; remove them"
        )
    if what.model and what.model.hidden % what.model.heads:
        raise RecipeError(f"{recipe.path}: what.model.heads must divide what.model.hidden")
    if what.model and what.training.length > what.model.positions:
        raise RecipeError(f"{recipe.path}: what.training.length is above what.model.positions")
    if what.masking.mask + what.masking.random > 1:
        raise RecipeError(f"{recipe.path}: what.masking.mask + what.masking.random is above 1")
    if what.corpus.dev + what.corpus.test >= 1:
        raise RecipeError(f"{recipe.path}: what.corpus.dev + what.corpus.test leave no training")
    if what.training.warmup >= what.training.steps:
        raise RecipeError(f"{recipe.path}: what.training.warmup is not below what.training.steps")
