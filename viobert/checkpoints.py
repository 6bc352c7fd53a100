"""A name → model and tokenizer: Hub ``id@revision``, local folder, or the embedded pair."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import validate_repo_id

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# torch and transformers are imported inside the functions that need them: they take seconds,
# and a page must be on screen before its models are.

log = logging.getLogger(__name__)
T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
EMBEDDED = ROOT / "assets" / "models"
MAX_PIECES = 512
HUB_SECONDS = 3.0
WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")

Role = Literal["general", "medical"]
Source = Literal["hub", "folder", "embedded"]
Kind = Literal[
    "missing", "offline", "unreachable", "not_found", "gated", "unknown_revision",
    "not_masked_lm", "not_tagger", "no_tokenizer", "no_mask_token", "broken_weights",
]  # fmt: skip

# While transformers 5.23 loads a model it replaces tie_weights of all of them, and then puts back
# what it found: of two threads one may find, and leave for ever, the other's replacement.
_LOADING = threading.Lock()

REASONS: dict[Kind, str] = {
    "missing": "no such folder, or no config.json in it",
    "offline": "not on this machine, and the Hub is switched off",
    "unreachable": "not on this machine, and the Hub cannot be reached",
    "not_found": "the Hub knows no such public repository",
    "gated": "the repository is gated and this machine has no access",
    "unknown_revision": "the repository has no such revision",
    "not_masked_lm": "not a masked language model",
    "not_tagger": "not a token classifier with IOB2 tags",
    "no_tokenizer": "no tokenizer that fits the model",
    "no_mask_token": "its tokenizer has no mask token",
    "broken_weights": "the weights cannot be read",
}


class CheckpointError(Exception):
    """A checkpoint that cannot be used; ``str()`` is one line, the cause is chained."""

    def __init__(self, kind: Kind, name: str) -> None:
        super().__init__(f"{name}: {REASONS[kind]}")
        self.kind: Kind = kind
        self.name = name


@dataclass(frozen=True)
class Checkpoint:
    """A masked language model, or a token classifier, in eval mode, fp32, on the CPU, and its
    tokenizer.

    ``max_length`` counts word pieces, special tokens included. ``revision`` is the Hub commit;
    ``folder`` holds its files.
    """

    name: str
    source: Source
    revision: str | None
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    folder: Path


@dataclass(frozen=True)
class Answering:
    """The checkpoint that answers in a role, and why the one asked for does not (or None)."""

    role: Role
    checkpoint: Checkpoint
    problem: CheckpointError | None = None


@dataclass(frozen=True)
class Seat:
    """Where a role's checkpoint comes from: environment variable, Hub default, stand-in.

    Without a default the stand-in answers unless the variable names another.
    """

    variable: str
    default: str | None
    stand_in: str


SEATS: dict[Role, Seat] = {
    "general": Seat("VIOBERT_BASE", "UBC-NLP/MARBERTv2", "assets/models/base-mini"),
    "medical": Seat("VIOBERT_MODEL", "Vionex-digital/vioBERT-v3", "assets/models/viobert-mini"),
}
#: The same models, fine-tuned to find entities.
TAGGERS: dict[Role, Seat] = {
    "general": Seat("VIOBERT_BASE_NER", None, "assets/models/base-mini-ner"),
    "medical": Seat("VIOBERT_NER", None, "assets/models/viobert-mini-ner"),
}


def pair() -> tuple[Answering, Answering]:
    """The two checkpoints that answer, general first. Raises CheckpointError if a role has none."""
    return _seat("general", SEATS), _seat("medical", SEATS)


def taggers() -> tuple[Answering, Answering]:
    """The two that find entities, general first. Raises CheckpointError if a role has none."""
    return _seat("general", TAGGERS), _seat("medical", TAGGERS)


def load(name: str) -> Checkpoint:
    """Masked language model called ``name``: a local folder (also relative to the project) or a
    Hub id, with ``@revision`` if wanted. Raises CheckpointError."""
    return _load(name, tags=False)


def load_tagger(name: str) -> Checkpoint:
    """Token classifier of that name, as ``load`` takes it. Raises CheckpointError."""
    return _load(name, tags=True)


def _load(name: str, tags: bool) -> Checkpoint:
    folder = _local_folder(name)
    if folder is not None:
        source: Source = "embedded" if EMBEDDED in folder.parents else "folder"
        return _open(folder, folder.name, source, None, tags)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w./-]+)?", name) or name.startswith("."):
        raise CheckpointError("missing", name)
    repository, _, revision = name.partition("@")
    try:
        validate_repo_id(repository)  # the Hub's own rules: no «--», no «.git»
    except HFValidationError as error:
        raise CheckpointError("missing", name) from error
    folder = _snapshot(repository, revision or None)
    return _open(folder, repository, "hub", folder.name, tags)


def hub_is_off() -> bool:
    """Whether VIOBERT_OFFLINE forbids even the Hub's cache."""
    return os.environ.get("VIOBERT_OFFLINE", "") not in ("", "0")


def _seat(role: Role, seats: dict[Role, Seat]) -> Answering:
    seat, tags = seats[role], seats is TAGGERS
    wanted = os.environ.get(seat.variable, "").strip() or (None if hub_is_off() else seat.default)
    if wanted is None:
        return Answering(role, _load(seat.stand_in, tags))
    try:
        return Answering(role, _load(wanted, tags))
    except CheckpointError as problem:
        log.warning("%s; %s answers in its place", problem, seat.stand_in)
        return Answering(role, _load(seat.stand_in, tags), problem)


def _local_folder(name: str) -> Path | None:
    """Existing folder of that name: absolute, from the current folder, or from the project's."""
    path = Path(name).expanduser()
    for candidate in (path, ROOT / path):
        if name and candidate.is_dir():
            return candidate.resolve()
    return None


def _snapshot(repository: str, revision: str | None) -> Path:
    """Local folder of a Hub repository at ``revision``, downloaded if it must be."""
    name = f"{repository}@{revision}" if revision else repository
    if hub_is_off():
        raise CheckpointError("offline", name)
    try:
        return _download(repository, revision)
    except GatedRepoError as error:
        raise CheckpointError("gated", name) from error
    except RevisionNotFoundError as error:
        raise CheckpointError("unknown_revision", name) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError("not_found", name) from error
    except Exception as error:  # no network, a proxy, a time-out: what is cached will do
        return _cached(repository, revision, name, error)


def _download(repository: str, revision: str | None) -> Path:
    if constants.HF_HUB_OFFLINE:
        raise ConnectionError("HF_HUB_OFFLINE is set")
    api = huggingface_hub.HfApi()
    info = _within(
        HUB_SECONDS, lambda: api.model_info(repository, revision=revision, timeout=HUB_SECONDS)
    )
    files = {sibling.rfilename for sibling in info.siblings or []}
    safe = bool(files & {"model.safetensors", "model.safetensors.index.json"})
    weights = WEIGHTS[0 if safe else 1]
    patterns = ["*.json", "*.txt", "*.model", weights]
    # By the commit, so that no name means it before all of its files are here: a download that
    # breaks off leaves the cached one to answer.
    commit = info.sha
    # The client lists the files without a time-out; the listing is kept for the second call.
    _within(HUB_SECONDS, lambda: _fetch(repository, commit, ["config.json"]))
    folder = _fetch(repository, commit, patterns)
    if revision != commit:
        ref = folder.parents[1] / "refs" / (revision or "main")
        with contextlib.suppress(OSError):  # a cache that may only be read
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(commit or "")
    return folder


def _fetch(repository: str, commit: str | None, patterns: list[str]) -> Path:
    return Path(
        huggingface_hub.snapshot_download(repository, revision=commit, allow_patterns=patterns)
    )


def _cached(repository: str, revision: str | None, name: str, cause: Exception) -> Path:
    kind: Kind = "offline" if constants.HF_HUB_OFFLINE else "unreachable"
    try:
        folder = Path(
            huggingface_hub.snapshot_download(
                repository, revision=revision, local_files_only=True, allow_patterns="config.json"
            )
        )
    except LocalEntryNotFoundError:
        raise CheckpointError(kind, name) from cause
    if not any(next(folder.glob(weights), None) for weights in WEIGHTS):
        raise CheckpointError(kind, name) from cause  # a download by commit that broke off
    return folder


def _within(seconds: float, call: Callable[[], T]) -> T:
    """``call()``'s result, or TimeoutError: name look-up ignores the HTTP client's time-outs."""
    result: list[T] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            result.append(call())
        except Exception as error:
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not result:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return result[0]


def _open(folder: Path, name: str, source: Source, revision: str | None, tags: bool) -> Checkpoint:
    if not (folder / "config.json").is_file():
        raise CheckpointError("missing", name)
    model = _model(folder, name, tags)
    tokenizer = _tokenizer(folder, name, model.config.vocab_size, tags)
    positions = getattr(model.config, "max_position_embeddings", MAX_PIECES)
    # Some tokenizers say 1e30.
    limit = int(min(MAX_PIECES, positions, tokenizer.model_max_length))
    return Checkpoint(name, source, revision, model, tokenizer, limit, folder)


def _model(folder: Path, name: str, tags: bool) -> PreTrainedModel:
    import torch
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForTokenClassification

    auto: Any = AutoModelForTokenClassification if tags else AutoModelForMaskedLM
    other: Kind = "not_tagger" if tags else "not_masked_lm"
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        known = type(config) in auto._model_mapping and (not tags or _tagged(config))
    except Exception as error:
        raise CheckpointError(other, name) from error
    if not known:
        raise CheckpointError(other, name)
    try:
        options: dict[str, Any] = {"local_files_only": True, "output_loading_info": True}
        with _LOADING:
            model, report = auto.from_pretrained(
                folder, config=config, dtype=torch.float32, weights_only=True, **options
            )
    except Exception as error:
        raise CheckpointError("broken_weights", name) from error
    absent = set(report["missing_keys"])
    if absent or report["mismatched_keys"]:
        # A classifier's checkpoint lacks just the head, which would be filled with random weights.
        body = any(key.startswith(model.base_model_prefix) for key in absent)
        headless = absent and not body and not report["mismatched_keys"]
        raise CheckpointError(other if headless else "broken_weights", name)
    ready: PreTrainedModel = model.eval()
    return ready


def _tagged(config: Any) -> bool:
    """Whether the labels are O, and B-… with its I-… or without."""
    names = set(config.id2label.values())
    types = {name[2:] for name in names if name.startswith("B-")}
    all_of = {"O"} | {f"{edge}-{name}" for name in types for edge in "BI"}
    return bool(types) and "O" in names and names <= all_of


def _tokenizer(folder: Path, name: str, rows: int, tags: bool) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise CheckpointError("no_tokenizer", name) from error
    # Without a vocabulary file some tokenizers come up with their special tokens alone.
    if not len(tokenizer.all_special_ids) < len(tokenizer) <= rows:
        raise CheckpointError("no_tokenizer", name)
    if tokenizer.mask_token_id is None and not tags:
        raise CheckpointError("no_mask_token", name)
    return tokenizer
