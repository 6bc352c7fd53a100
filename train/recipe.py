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
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from train import rules
from train.corpus.options import (
    Corpus,
    EvaluationSet,
    NearDuplicates,
    Quality,
    Source,
)
from train.evaluate.options import (
    Choice,
    Entities,
    Evaluation,
    FineTuning,
    Forgetting,
    LabelledSet,
)
from train.fields import STRICT, AtLeast0, Positive
from train.options import (
    General,
    Masking,
    Model,
    Probe,
    Stopping,
    Tokenizer,
    Training,
    Weights,
)
from train.publish.options import Release

Kind = TypeVar("Kind")


class RecipeError(ValueError):
    """One line that names the recipe and the key or file at fault."""


@dataclass(config=STRICT)
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
    continues: str = ""
    """A recipe of the same base and corpus: training goes on from its model, an earlier stage. What
    is compared and replayed is still the base."""
    tokenizer: Tokenizer | None = None
    """From scratch: the WordPiece tokenizer to learn from the corpus."""
    model: Model | None = None
    """From scratch: the BERT to build."""
    stopping: Stopping = dataclasses.field(default_factory=Stopping)
    """When training is evaluated, what counts as better, when it ends."""
    evaluation: Evaluation = dataclasses.field(default_factory=Evaluation)
    """How base and adapted are compared."""


@dataclass(config=STRICT)
class How:
    executor: Literal["local", "ray", "slurm"] = "local"
    """Where the steps of the corpus run; a Ray cluster is found by ``RAY_ADDRESS``."""
    workers: AtLeast0 = 0
    """Corpus tasks, and cells of the evaluation, side by side; 0: as many as there are cores (of
    cells on a GPU, and for a corpus of few documents: one)."""
    shard: Positive = 10000
    """Documents a task of the corpus."""
    slurm: dict[str, str] = dataclasses.field(default_factory=dict)
    """slurm: ``partition``, ``time`` and further options of sbatch."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Of forward and backward; auto: bf16 where the device is faster in it, else fp32 (a processor
    without such instructions emulates them, tens of times slower; Intel's without AMX lose too)."""
    micro_batch: Positive = 16384
    """Word pieces that one process takes at once, at most; a step is as many as it needs."""
    attention: Literal["auto", "varlen", "grouped"] = "auto"
    """varlen: torch's FlashAttention for documents of unequal length (CUDA, bf16); grouped:
    documents of like length padded together (anywhere); auto: varlen where it runs, else
    grouped."""
    compile: bool = False
    """torch.compile the model."""
    threads: AtLeast0 = 0
    """CPU threads; 0 leaves the choice to torch."""
    loader_workers: AtLeast0 = 0
    """Processes that prepare batches ahead; 0: the training process does."""
    log_every: Positive = 20
    """Steps between two lines of ``metrics.jsonl``."""
    checkpoint_every: Positive = 500
    """Steps between two checkpoints; every evaluation makes one as well."""
    keep_checkpoints: Positive = 2
    """Newest checkpoints that are kept."""
    trackers: list[Literal["tensorboard", "trackio"]] = dataclasses.field(default_factory=list)
    """Where the metrics go besides ``metrics.jsonl``."""
    peak_tflops: Annotated[float, Field(strict=False, ge=0)] = 0.0
    """Dense bf16 TFLOP/s of one device, for MFU; 0: that of the maker for a known GPU."""


@dataclass(config=STRICT)
class Recipe:
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Names the run's folder, ``runs/<name>/``, and the model on the page."""
    what: What
    """Decides the weights."""
    how: How = dataclasses.field(default_factory=How)
    """Decides only how fast."""
    release: Release = dataclasses.field(default_factory=Release)
    """Where it is published; decides neither."""
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

    def earlier_recipe(self) -> Recipe | None:
        """The recipe whose model this one goes on from, if it continues one."""
        if not self.what.continues:
            return None
        earlier = load(self.resolve(self.what.continues))
        earlier.above = [*self.above, self.name]
        if earlier.name in earlier.above:
            raise RecipeError(f"{self.path}: what.continues leads back to {earlier.name}")
        for part in ("base", "corpus"):
            if earlier.digest(part) != self.digest(part):
                raise RecipeError(
                    f"{self.path}: what.continues ({earlier.name}) has another what.{part}; the "
                    "stages of one model share it"
                )
        return earlier

    def vocabulary_recipe(self) -> Recipe | None:
        """The recipe whose documents the vocabulary is learned from as well, if there is one."""
        tokenizer = self.what.tokenizer
        if not tokenizer or not tokenizer.also:
            return None
        also = load(self.resolve(tokenizer.also))
        if (self.what.corpus.purpose, also.what.corpus.purpose) == ("open", "research"):
            raise RecipeError(
                f"{self.path}: purpose is open, but what.tokenizer.also ({also.name}) is meant for "
                "research"
            )
        return also

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
    return parse(read(path), path)


def read(path: Path) -> Any:
    """What a YAML file holds; ``RecipeError`` if it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such recipe") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not YAML: {' '.join(str(error).split())}") from error


def checked(kind: type[Kind], raw: Any, path: Path) -> Kind:
    """``raw`` as a dataclass; ``RecipeError`` in one line that names the key at fault."""
    try:
        # By way of JSON: pydantic's strict mode takes a mapping for a dataclass only there.
        return TypeAdapter(kind).validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise RecipeError(f"{path}: {_first(error)}") from None


def parse(raw: Any, path: Path) -> Recipe:
    """The recipe that a mapping holds, checked; its paths are relative to ``path``."""
    recipe = checked(Recipe, raw, path)
    recipe.path = path
    for said in rules.faults(recipe):
        raise RecipeError(f"{path}: {said}")
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
            Stopping,
            Weights,
            Probe,
            General,
            Evaluation,
            LabelledSet,
            Choice,
            Entities,
            FineTuning,
            Forgetting,
            Release,
        )
        for f in dataclasses.fields(c)
    ]
    close = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
