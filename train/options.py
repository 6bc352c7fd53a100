"""What a recipe may say of tokenizer, model, masking, training and stopping."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.fields import STRICT, Above0, AtLeast0, Beta, Length, Positive, Power, Seed, Share


@dataclass(config=STRICT)
class Tokenizer:
    vocab_size: Annotated[int, Field(ge=1000)] = 16000
    """Word pieces, special tokens included."""
    min_frequency: Positive = 2
    """Pieces seen less often are not learned."""
    also: str = ""
    """A recipe whose training documents the pieces are learned from as well: that of the model
    which this one will be adapted to, so that its words are no shreds."""
    also_times: Positive = 1
    """How often those count."""


@dataclass(config=STRICT)
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


@dataclass(config=STRICT)
class Masking:
    rate: Share = 0.15
    """Expected share of words that are chosen."""
    mask: Share = 0.8
    """Share of the chosen words whose pieces all become [MASK]."""
    random: Share = 0.1
    """Share of the chosen words whose pieces all become random non-special pieces."""
    domain: Power = 0.0
    """Words of the training text are chosen in proportion to their frequency there over that in the
    replayed text, to this power, ``rate`` of them on average; 0: all are as likely."""
    unit: Literal["word", "piece"] = "word"
    """What is chosen, and hidden as a whole; piece: as BERT first did, to compare with."""


@dataclass(config=STRICT)
class Training:
    steps: Positive
    """Optimizer steps, at most."""
    batch_size: Positive = 64
    """Documents a step, over all processes; of one longer than ``length`` each window is one."""
    documents: Annotated[float, Field(strict=False, gt=0, le=1)] = 1.0
    """Share of the training documents that is read, chosen by hash."""
    replay: Beta = 0.0
    """Share of each step that is drawn from the training documents of the base's recipe instead,
    against forgetting."""
    length: Length = 256
    """Word pieces of a window, [CLS] and [SEP] included; longer documents are cut between words."""
    short: Beta = 0.0
    """Share of each step's windows, of replayed ones too, that are cut to ``short_length`` instead:
    who fills in a word gives one sentence and not a document."""
    short_length: Length = 24
    """As ``length``, of short windows."""
    blend: Annotated[float, Field(strict=False, gt=0, le=1)] = 1.0
    """Share of this training in the weights that are read and kept; the rest are those it began
    with, the base's or those of the recipe that it continues."""
    learning_rate: Above0 = 1e-3
    """Peak learning rate of AdamW."""
    warmup: AtLeast0 = 200
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
    """Of hidden states."""
    attention_dropout: Share = 0.0
    """Of attention weights; only with ``how.attention: grouped``, varlen knows none."""
    save_precision: Literal["float32", "float16"] = "float32"
    """Precision of the weights in ``best/``."""
    seed: Seed = 42
    """Seed of initialisation, order of documents, masks and dropout."""


@dataclass(config=STRICT)
class Weights:
    nats_per_word: Above0 | Literal[0] = 1.0
    """Of the dev documents."""
    fill_mask_top5: Above0 | Literal[0] = 1.0
    """Of the dev documents."""
    probe_macro_f1: Above0 | Literal[0] = 0.0
    """Of ``stopping.probe``."""
    cloze_nats: Above0 | Literal[0] = 0.0
    """Of ``stopping.cloze``: nats of any word that fits."""


@dataclass(config=STRICT)
class Probe:
    label: str
    """Column with the class."""
    path: str = ""
    """Labelled rows; empty: the dev documents, ``label`` being a field of their metadata."""
    text: str = "text"
    """Column with the text."""
    rows: Annotated[int, Field(ge=50)] = 2000
    """Rows used at most, chosen by hash."""


@dataclass(config=STRICT)
class General:
    bound: Above0 = 0.1
    """Nats a word by which general text may become harder than when training began."""
    path: str = ""
    """Files of general text; empty: the dev documents of the base's recipe."""
    documents: Positive = 200
    """Documents read at most, chosen by hash."""


@dataclass(config=STRICT)
class Stopping:
    every: Positive = 250
    """Steps between two evaluations."""
    documents: Positive = 300
    """Dev documents read each time, chosen by hash."""
    folds: Annotated[int, Field(ge=1, le=7)] = 1
    """How many of the seven disjoint folds of their words are hidden."""
    seed: Seed = 13
    """Decides which words a fold holds."""
    weights: Weights = dataclasses.field(default_factory=Weights)
    """Of each term's improvement over the base, in standard errors of that improvement."""
    patience: AtLeast0 = 0
    """Evaluations without a better score after which training ends; 0: it runs all steps."""
    probe: Probe | None = None
    """A linear probe of the frozen model."""
    cloze: str = ""
    """A file of sentences as ``evaluation.cloze``'s, others than those: what a model says of a
    sentence alone is read as well."""
    general: General | None = None
    """General text that must not be forgotten: an evaluation beyond its bound is never the best."""
