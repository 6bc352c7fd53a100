"""Word hashes against the words of ``viobert.text``; n-grams and keys against plain Python."""

from __future__ import annotations

import runpy
import unicodedata
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.corpus import hashing
from viobert.text import key, words

ARABIC = "ابتجحدرسعفقكلمنهوي" + "أإآٱءؤئىةپگ" + "ًٌٍَُِّْٰٕٓٔۖـ" + "ﷺﻼﺍﻻﷲ" + "٠٥٩۵"
OTHERS = "aZéßİſϴςШñfi05²½①℃™ﬁ１Ａ中あ각😀𝐀𐒰\u0958"
WORDS = ["صداع", "حمى", "سعال", "غثيان"]
BETWEEN = " \n\t\x00.,،؛؟_-/%٪:()\u200c\u200f\u200b\u00a0\ufe0f\U000e0101\U0010ffff"


def reference(text: str) -> list[int]:
    """The documented hash with Python's integers."""

    def step(state: int, value: int) -> int:
        state = (state ^ value) * 0xD6E8FEB86659FD93 % 2**64
        return state ^ state >> 32

    hashes = []
    folded = key(text)
    for start, end in words(folded):
        state = 0x9E3779B97F4A7C15
        for letter in folded[start:end]:
            state = step(state, ord(letter))
        hashes.append(step(state, 0xC2B2AE3D27D4EB4F))
    return hashes


def in_reach(c: str) -> bool:
    """Not of the scripts that the module's description leaves out."""
    parts = unicodedata.normalize("NFKD", c)
    jamo = any("\u1100" <= p <= "\u11ff" for p in parts) and not "가" <= c <= "힣"
    return not jamo and not any(unicodedata.category(p) == "Mc" for p in parts)


@given(
    st.lists(
        st.text(
            st.one_of(
                st.sampled_from(ARABIC + OTHERS + BETWEEN),
                st.characters(exclude_categories=["Cs"]).filter(in_reach),
            ),
            max_size=40,
        ),
        max_size=6,
    )
)
@settings(deadline=None, max_examples=400)
def test_words_are_those_of_the_matching_key(texts: list[str]) -> None:
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    hashes, offsets = hashing.batch_word_hashes(texts)
    assert offsets[0] == 0 and offsets[-1] == len(hashes) and len(offsets) == len(texts) + 1
    for i, text in enumerate(texts):
        assert hashes[offsets[i] : offsets[i + 1]].tolist() == reference(text), ascii(text)
        assert hashing.word_hashes(text).tolist() == reference(text)


def test_every_code_point_is_treated_as_the_matching_key_treats_it() -> None:
    points = [c for c in map(chr, range(0x110000)) if c.isprintable() and in_reach(c)]
    texts = [unicodedata.normalize("NFC", f"س{c}ع") for c in points[::7]]
    hashes, offsets = hashing.batch_word_hashes(texts)
    assert len(texts) > 15_000
    for i, text in enumerate(texts):
        assert hashes[offsets[i] : offsets[i + 1]].tolist() == reference(text), ascii(text)


@pytest.mark.parametrize(
    "other",
    [
        "خُذْ حَبَّةً مِنْ Metformin 500 mg بعدَ الأَكْلِ",
        "خذ حبـــة من METFORMIN 500 MG بعد الأكل.",
        "  خذ (حبة) من metformin, 500-mg؛\nبعد   الأكل!  ",
        "خذ حبة من metformin 500 mg بعد الاكل",
        unicodedata.normalize("NFD", "خذ حبة من metformin 500 mg بعد الأكل"),
        "ﺧذ حبة من metformin 500 mg بعد الأكل",
    ],
    ids=["harakat", "tatweel and case", "punctuation", "hamza", "NFD", "presentation form"],
)
def test_spelling_that_a_model_cannot_see_does_not_count(other: str) -> None:
    text = "خذ حبة من metformin 500 mg بعد الأكل"
    assert hashing.exact_key(text) == hashing.exact_key(other)
    assert (hashing.word_hashes(text) == hashing.word_hashes(other)).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("خذ 500 mg", "خذ 50 mg"),
        ("خذ 500 mg", "خذ ٥٠٠ mg"),
        ("الضغط 120/80", "الضغط 80/120"),
        ("الضغط 120/80", "الضغط 12080"),
        ("مدرسة", "مدرسه"),
        ("على", "علي"),
        ("الم", "الم الم"),
        ("الم", ""),
    ],
)
def test_words_digits_and_their_order_count(one: str, other: str) -> None:
    assert hashing.exact_key(one) != hashing.exact_key(other)


def test_exact_keys_of_a_batch_are_those_of_its_texts() -> None:
    texts = ["ألم في الصدر", "", "😀 سعال 😀", "ـــ", "ضغط ١٢٠/٨٠", "\ud83d سعال", "..."]
    keys = hashing.exact_keys(*hashing.batch_word_hashes(texts))
    assert [k.tobytes() for k in keys] == [hashing.exact_key(text) for text in texts]
    assert hashing.exact_key(texts[2]) == hashing.exact_key(texts[5]) == hashing.exact_key("سعال")
    assert hashing.exact_key("") == hashing.exact_key("ـــ ، ...")


@given(st.lists(st.lists(st.integers(0, 3), max_size=20), max_size=5), st.integers(1, 14))
@settings(deadline=None)
def test_ngrams_are_equal_where_the_words_are(texts: list[list[int]], n: int) -> None:
    batch = [" ".join(WORDS[w] for w in text) for text in texts]
    whole = [[tuple(t[i : i + n]) for i in range(len(t) - n + 1)] for t in texts]
    grams, offsets = hashing.batch_ngrams(*hashing.batch_word_hashes(batch), n)
    assert np.diff(offsets).tolist() == [len(g) for g in whole]
    names = dict(zip((g for gs in whole for g in gs), grams.tolist(), strict=True))
    assert [names[g] for gs in whole for g in gs] == grams.tolist()
    assert len(set(names.values())) == len(names)
    for i, text in enumerate(batch):
        single = hashing.ngrams(hashing.word_hashes(text), n)
        assert single.tolist() == grams[offsets[i] : offsets[i + 1]].tolist()


def test_a_short_text_can_be_one_ngram_of_all_its_words() -> None:
    texts = ["ألم", "", "ألم شديد", "ألم شديد جدا", "ألم شديد جدا هنا"]
    grams, offsets = hashing.batch_ngrams(*hashing.batch_word_hashes(texts), 3, short=True)
    assert np.diff(offsets).tolist() == [1, 0, 1, 1, 2]
    assert len(set(grams.tolist())) == 4, "the whole of the fourth begins the fifth"


def test_ngrams_of_no_words_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one word, not 0"):
        hashing.ngrams(hashing.word_hashes("ألم"), 0)


def test_without_a_folder_for_its_cache_a_kernel_still_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "kernels.py"
    module.write_text("def double(x):\n    return 2 * x\n")
    for taken in ("__pycache__", "cache"):
        (tmp_path / taken).write_text("a file where the folder would be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    double = runpy.run_path(str(module))["double"]
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(double)
    assert hashing.compiled(double)(21) == 42
