"""A WordPiece tokenizer for Arabic, learned from the corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import WordPieceTrainer
from transformers import PreTrainedTokenizerFast

from train import recipe
from viobert.text import MARKS, TATWEEL

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

# Direction marks, joiners and variation selectors.
INVISIBLE = "\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufe0f"

# Characters that health text cannot do without, however rare they are in the corpus.
ALPHABET = (
    [chr(c) for c in (*range(0x0621, 0x063B), *range(0x0641, 0x064B))]
    + list("٠١٢٣٤٥٦٧٨٩0123456789abcdefghijklmnopqrstuvwxyz،؛؟٪٫٬.,:;!?%()[]«»\"'/+-=<>*")
    + list("≤≥±×÷°µμ–—…⁄αβγ")
)


def learn(texts: Iterable[str], config: recipe.Tokenizer, max_length: int) -> Any:
    """Learn a fast tokenizer whose words keep hamza and madda and lose harakat and tatweel.

    The same texts give the same vocabulary, in the same order. ``texts`` is read twice.
    """
    draft = _empty(models.WordPiece(unk_token="[UNK]"))
    alphabet = _alphabet(draft, texts, max(2 * len(ALPHABET), config.vocab_size // 40))
    # The trainer numbers the letters inside words in the order of a hash table, and breaks ties
    # between merges by number: given as special tokens, they are numbered here instead.
    letters = [f"##{c}" for c in alphabet]
    trainer = WordPieceTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency,
        special_tokens=SPECIAL + letters,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    draft.train_from_iterator(texts, trainer)
    model = models.WordPiece(draft.get_vocab(), unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = _empty(model)
    cls, sep = SPECIAL.index("[CLS]"), SPECIAL.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_length,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def _empty(model: models.WordPiece) -> Tokenizer:
    """A tokenizer with the project's normaliser and pre-tokeniser around ``model``.

    NFKC first: it composes hamza and madda with their seats and undoes presentation forms, so
    that one spelling reaches the vocabulary.
    """
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(f"[{MARKS}{TATWEEL}{INVISIBLE}]"), ""),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Split(Regex(r"\p{S}"), "isolated")]
    )
    return tokenizer


def _alphabet(tokenizer: Tokenizer, texts: Iterable[str], size: int) -> list[str]:
    """ALPHABET and the most frequent other characters, ``size`` in all."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenizer.normalizer.normalize_str(text))
    others = [c for c in counts if not c.isspace() and c not in ALPHABET]
    others.sort(key=lambda c: (-counts[c], c))
    return ALPHABET + others[: size - len(ALPHABET)]
