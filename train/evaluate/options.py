"""What a recipe may say of the evaluation of base and adapted model."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.fields import STRICT, Above0, AtLeast0, Length, Positive, Seed, Share


@dataclass(config=STRICT)
class LabelledSet:
    label: str
    """Column with the class. A list is taken as a path from the widest class to the narrowest, and
    so is a text with « > » in it."""
    set: str = ""
    """One of ``corpus.evaluation_sets``; empty: the corpus' own documents, split as they are, the
    class being a field of their metadata."""
    text: Annotated[list[str], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: ["text"]
    )
    """Columns with the text, joined."""
    split: str = ""
    """Column that says which rows are test (``test`` or ``testing``); empty: a hash of the text
    decides."""
    level: AtLeast0 = 0
    """The step of the path that is the class, from 1; 0: all of it."""
    merge: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    """Wider classes, each with the labels it holds; rows with another are left out, and counted."""
    top: AtLeast0 = 0
    """Only the most frequent classes, counted over all rows; 0: all."""
    fewest: Positive = 5
    """A class of fewer rows is left out, and counted."""


@dataclass(config=STRICT)
class Choice:
    set: str
    """One of ``corpus.evaluation_sets``."""
    levels: Annotated[list[str], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: ["Y1", "Y2", "Y3", "Y4", "Y5"]
    )
    """A setting for each; questions of others are left out, and counted."""
    question: str = "question"
    """Column with the question."""
    options: str = "options"
    """Column with the list of options."""
    answer: str = "answer"
    """Column with the right one: a letter (A is the first), or its text."""
    level: str = "level"
    """Column with the level."""


@dataclass(config=STRICT)
class Entities:
    train: str
    """JSONL with ``text`` and ``entities`` (``start``, ``end``, ``label``), or CoNLL with IOB2."""
    dev: str
    """As ``train``: chooses the epoch."""
    test: str
    """As ``train``: read once."""
    set: str = ""
    """The ``corpus.evaluation_sets`` that lists their contaminated sentences."""


@dataclass(config=STRICT)
class Cloze:
    test: str
    """A file with ``text`` (one [MASK]), ``accepted`` (a list of words) and ``dialect``."""
    name: str = "cloze"
    """What scores call the set."""


@dataclass(config=STRICT)
class FineTuning:
    learning_rate: Above0 = 5e-5
    """Peak learning rate of AdamW; linear warm-up over a tenth of the steps, then linear decay."""
    epochs: Positive = 5
    """Passes over the training rows; the best on dev is kept."""
    batch_size: Positive = 32
    """Texts a step (of multiple choice: questions)."""
    length: Length = 128
    """Word pieces of a text at most, special ones included."""
    least_steps: Positive = 100
    """Steps at least: few rows are passed more often than ``epochs``."""
    dropout: Share = 0.1
    """Of hidden states and attention weights."""


@dataclass(config=STRICT)
class Forgetting:
    path: str = ""
    """General text; empty: the test documents of the base's recipe."""
    documents: Positive = 300
    """Documents that are scored, chosen by hash."""
    dialect: LabelledSet | None = None
    """Dialects, told apart by a probe."""


@dataclass(config=STRICT)
class Evaluation:
    seeds: Annotated[list[Seed], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: [13, 42, 1234]
    )
    """Of the fixed masks; of the division into train and dev, heads, order and dropout."""
    folds: Annotated[int, Field(ge=1, le=7)] = 7
    """How many of the seven disjoint folds of words are scored; 7 covers each word once."""
    length: Length = 128
    """Longest window in word pieces of either model."""
    bootstrap: Positive = 10000
    """Resamples of the texts, and permutations."""
    intrinsic: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    """Settings, each with the documents' own settings that it holds; empty: each is one."""
    left_to_right: AtLeast0 = 100
    """Test documents whose words are also scored piece by piece, chosen by hash; 0: none."""
    cloze: Cloze | None = None
    """Sentences with one hidden word, and all the words that fit there."""
    coarse: LabelledSet | None = None
    """Few, wide classes: probed and fine-tuned."""
    fine: LabelledSet | None = None
    """Many, narrow classes: probed and fine-tuned."""
    shares: Annotated[list[Share], Field(min_length=1)] = dataclasses.field(
        default_factory=lambda: [0.1, 0.25, 0.5, 1.0]
    )
    """Of the training rows, for fine-tuning."""
    entities: Entities | None = None
    """Named entities."""
    choice: Choice | None = None
    """Multiple-choice questions."""
    fine_tuning: FineTuning = dataclasses.field(default_factory=FineTuning)
    """How heads are trained."""
    forgetting: Forgetting | None = None
    """What the base could and the adapted model should still."""
    further: dict[str, LabelledSet] = dataclasses.field(default_factory=dict)
    """Other labelled sets, probed beside the grid."""
