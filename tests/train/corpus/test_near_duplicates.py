"""Duplicates against brute force over Python sets."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from train.corpus import near_duplicates as near
from train.corpus.near_duplicates import Clusters, Indices, near_duplicates
from train.corpus.sketches import Sketches, sketch
from train.recipe import NearDuplicates
from viobert.text import key, words

CONFIG = NearDuplicates()
SENTENCES = """
أعاني من {a} منذ {n} أيام ويزداد الألم عند {b} خاصة في الليل
دكتور عندي {a} وتعب ما يروح من {n} أسابيع وش الحل الله يعطيك العافية
بقالي {n} شهور باخد {c} {n}0 mg ومفيش أي تحسن والتحاليل طلعت سليمة
يُنصح بتناول {c} بعد الأكل مرتين يوميًا مع شرب كمية كافية من الماء
لا تقلق فهذه الأعراض شائعة ولكن يجب عمل {d} للاطمئنان على الحالة
نتيجة {d} كانت {n}.{n} وضغط الدم 1{n}0/{n}0 والنبض طبيعي والحمد لله
هل يمكن أن يكون {a} من الآثار الجانبية لدواء {c} أم أحتاج إلى {d}
شو سبب {a} بعد {b} وهل في خطر على الحمل بالشهر {n}
ننصحك بمراجعة طبيب مختص لإجراء {d} واستبعاد الأسباب العضوية قبل وصف {c}
واش خاصني ندير {d} حيت عندي {a} بزاف من بعد {b}
قد يدل {a} المصحوب بارتفاع الحرارة إلى {n}٣ درجة على وجود التهاب يحتاج مضادًا حيويًا
أوقف {c} فورًا إذا ظهر طفح جلدي أو ضيق في التنفس وراجع الطوارئ
""".strip().splitlines()
SLOTS = {
    "a": ["صداع نصفي", "ألم في الصدر", "دوخة", "سعال جاف", "حرقة في المعدة", "خدر في الأطراف"],
    "b": ["صعود الدرج", "تناول الطعام", "الاستيقاظ من النوم", "بذل المجهود", "التوتر"],
    "c": ["metformin", "أوميبرازول", "Panadol", "أملوديبين", "فيتامين د", "ibuprofen"],
    "d": ["تحليل الغدة", "صورة دم كاملة", "أشعة رنين", "منظار المعدة", "تخطيط القلب"],
    "n": list("23456789"),
}


def consultation(rng: random.Random, sentences: int = 12) -> str:
    drawn = rng.choices(SENTENCES, k=sentences)
    return " ، ".join(s.format(**{k: rng.choice(v) for k, v in SLOTS.items()}) for s in drawn)


def perturbed(text: str, changes: int, rng: random.Random) -> str:
    """The text with so many words replaced, dropped or doubled."""
    tokens = text.split()
    for _ in range(changes):
        i = rng.randrange(len(tokens))
        tokens[i : i + 1] = rng.choice([[f"كلمة{rng.getrandbits(40)}"], [], [tokens[i]] * 2])
    return " ".join(tokens)


def corpus(families: int, seed: int, most: int = 12) -> list[str]:
    """Families of a text and up to four variants of it, shuffled."""
    rng = random.Random(seed)
    texts = []
    for _ in range(families):
        base = consultation(rng)
        texts += [base, *(perturbed(base, rng.randint(0, most), rng) for _ in range(4))]
    rng.shuffle(texts)
    return texts


def shingles(text: str, size: int) -> set[tuple[str, ...]]:
    folded = key(text)
    tokens = [folded[s:e] for s, e in words(folded)]
    size = min(size, len(tokens))
    return {tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1) if tokens}


def similar_pairs(texts: Sequence[str], config: NearDuplicates) -> dict[tuple[int, int], float]:
    sets = [shingles(text, config.shingle) for text in texts]
    found = {}
    for i, j in itertools.combinations(range(len(texts)), 2):
        score = len(sets[i] & sets[j]) / max(1, len(sets[i] | sets[j]))
        if score >= config.threshold:
            found[i, j] = score
    return found


def components(n: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Smallest member of each one's component, by spreading labels until nothing changes."""
    labels = list(range(n))
    while True:
        before = list(labels)
        for i, j in pairs:
            labels[i] = labels[j] = min(labels[i], labels[j])
        if labels == before:
            return labels


def same(one: Clusters, other: Clusters) -> bool:
    return all(np.array_equal(getattr(one, f), getattr(other, f)) for f in vars(one))


@pytest.mark.parametrize(
    "config",
    [CONFIG, NearDuplicates(threshold=0.6, shingle=2, bands=40, rows=4)],
    ids=["recipe", "0.6"],
)
def test_pairs_and_clusters_are_those_of_brute_force(config: NearDuplicates) -> None:
    texts = corpus(families=70, seed=5)
    truth = similar_pairs(texts, config)
    found = near_duplicates(texts, config)
    assert len(truth) > 150
    for pair, score in zip(found.pairs.tolist(), found.similarity, strict=True):
        assert score == np.float32(truth[tuple(pair)])
    together = [found.labels[i] == found.labels[j] for i, j in truth]
    assert np.mean(together) >= 0.99
    joined = components(len(texts), [(i, j) for i, j in found.pairs.tolist()])
    assert found.labels.tolist() == joined
    assert len(found.pairs) == len(texts) - len(set(joined)), "one pair joins one text"


def test_texts_meet_as_often_as_the_bands_say() -> None:
    rng = random.Random(3)
    bases = [[f"كلمة{rng.getrandbits(40)}" for _ in range(102)] for _ in range(1000)]
    texts = [" ".join(b) for b in bases] + [" ".join(b[20:]) for b in bases]
    found = near_duplicates(texts, NearDuplicates(threshold=0.5, bands=4, rows=5))
    # 80 of 100 shingles remain: similarity 0.8 for each pair.
    assert found.similarity == pytest.approx(0.8)
    expected = 1 - (1 - 0.8**5) ** 4
    assert np.mean(found.labels[1000:] == np.arange(1000)) == pytest.approx(expected, abs=0.04)
    assert 0.75 < expected < 0.85


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("خذ حبة 500 mg بعد الأكل", "خُذْ حبّـــة 500 MG، بعد الأكل!", True),
        ("خذ حبة 500 mg بعد الأكل", "خذ حبة 50 mg بعد الأكل", False),
        ("شكرا", "شُكرًا", True),
        ("شكرا", "شكرا دكتور", False),
        ("شكرا دكتور", "دكتور شكرا", False),
        ("نعم نعم", "نعم", False),
        ("", "", False),
        ("...", "؟؟", False),
        ("", "نعم", False),
    ],
)
def test_short_texts_resemble_only_their_equals(one: str, other: str, equal: bool) -> None:
    found = near_duplicates([one, "شيء آخر تماما لا علاقة له", other], CONFIG)
    assert found.labels.tolist() == [0, 1, 0 if equal else 2]
    assert found.first_equal.tolist() == found.labels.tolist()


def test_a_chain_of_near_duplicates_is_one_cluster() -> None:
    rng = random.Random(8)
    tokens = [f"كلمة{rng.getrandbits(40)}" for _ in range(200)]
    chain = []
    for step in range(6):
        tokens[step * 30 : step * 30 + 12] = [f"بديل{rng.getrandbits(40)}" for _ in range(12)]
        chain.append(" ".join(tokens))
    truth = similar_pairs(chain, CONFIG)
    assert (0, 1) in truth and (4, 5) in truth and (0, 5) not in truth
    assert set(near_duplicates(chain, CONFIG).labels) == {0}


def test_a_new_text_takes_the_label_of_the_old_corpus() -> None:
    rng = random.Random(2)
    old = [consultation(rng) for _ in range(40)]
    new = [perturbed(text, 1, rng) for text in old[:20]] + [consultation(rng) for _ in range(10)]
    truth = components(70, list(similar_pairs(old + new, CONFIG)))
    labels = near_duplicates(old + new, CONFIG).labels
    assert labels.tolist() == truth
    assert (labels[40:60] < 40).all() and (labels[60:] >= 40).all()


def test_equal_texts_are_one_cluster_without_comparing_their_pairs() -> None:
    rng = random.Random(4)
    boilerplate, other = consultation(rng, 3), consultation(rng, 5)
    texts = [boilerplate] * 30_000
    texts[7] = other
    texts[9] = perturbed(other, 0, rng)
    texts[11] = boilerplate.replace("أ", "ا") + "ً!"
    found = near_duplicates(texts, CONFIG)
    assert found.labels[[7, 9, 0, 11, -1]].tolist() == [7, 7, 0, 0, 0]
    assert len(found.pairs) == 29_998 and (found.similarity == 1).all()
    assert len(near.candidates(sketch(texts, CONFIG), found.first_equal)) == 0


def test_twins_are_found_in_a_crowd_that_shares_most_of_its_words() -> None:
    rng = random.Random(6)
    shared = [f"كلمة{rng.getrandbits(40)}" for _ in range(150)]

    def own() -> list[str]:
        return [f"خاص{rng.getrandbits(40)}" for _ in range(25)]

    # Between any two: 148 of 148 + 2 x 25 shingles, 0.747. Twins: 161 of 161 + 2 x 12, 0.870.
    crowd = [shared + own() for _ in range(1500)]
    twins = [text[:-12] + own()[:12] for text in crowd[:300]]
    texts = [" ".join(text) for text in crowd + twins]
    sketches = sketch(texts, CONFIG)
    _, sizes = np.unique(sketches.keys[:, 0], return_counts=True)
    assert sizes.max() > near.CROWD, "or the test says nothing"
    found = near_duplicates(texts, CONFIG)
    assert np.mean(found.labels[1500:] == np.arange(300)) >= 0.99
    assert len(found.pairs) <= 300, "strangers stay apart"


def test_a_few_similar_texts_are_found_in_a_crowd_of_longer_ones() -> None:
    rng = random.Random(6)

    def tokens(count: int) -> list[str]:
        return [f"كلمة{rng.getrandbits(40)}" for _ in range(count)]

    # All share 150 words. Two of the short ones: 148 / 168 = 0.88; other pairs: at most 0.68.
    shared = tokens(150)
    texts = [" ".join(shared + tokens(60 if i % 400 else 10)) for i in range(8000)]
    labels = near_duplicates(texts, CONFIG).labels
    assert set(labels[::400]) == {0}
    assert len(set(labels)) == 8000 - 19


def test_a_crowd_of_near_duplicates_is_one_cluster() -> None:
    rng = random.Random(7)
    template = [f"كلمة{rng.getrandbits(40)}" for _ in range(100)]
    texts = [" ".join([*template, f"رقم{i}"]) for i in range(5000)]
    found = near_duplicates(texts, CONFIG)
    assert set(found.labels) == {0} and len(found.pairs) == 4999


def test_shards_threads_and_files_do_not_change_the_result(tmp_path: Path) -> None:
    texts = corpus(families=300, seed=9, most=30) + ["", "نعم", "نعم"]
    whole = near_duplicates(texts, CONFIG)
    assert len(whole.pairs) > 200
    assert same(whole, near_duplicates(texts, CONFIG, threads=2))
    for size in (13, 97, 1000):
        shards = [np.arange(i, min(i + size, len(texts))) for i in range(0, len(texts), size)]
        for i, shard in enumerate(shards):
            sketch([texts[j] for j in shard], CONFIG).save(tmp_path / f"{i}.npz")
        paths = [tmp_path / f"{i}.npz" for i in range(len(shards))]

        def texts_of(wanted: Indices, shards: list[Indices] = shards) -> Iterator:
            assert 0 < len(wanted) < len(texts) and (np.diff(wanted) > 0).all()
            for shard in reversed(shards):
                yield shard, [texts[j] for j in shard]

        merged = near.merge(Sketches.concatenate([*map(Sketches.load, paths)]), texts_of, CONFIG)
        assert same(whole, merged)


def test_without_a_config_only_equal_texts_are_found() -> None:
    texts = corpus(families=20, seed=1, most=1) + ["", ""]
    found = near_duplicates(texts, None)
    first: dict[str, int] = {}
    for i, text in enumerate(texts):
        folded = key(text)
        first.setdefault(" ".join(folded[s:e] for s, e in words(folded)) or f"{i}", i)
    assert sorted(set(found.labels)) == sorted(first.values()) and len(first) < len(texts)
    assert found.labels.tolist() == found.first_equal.tolist()


def test_no_texts_have_no_clusters() -> None:
    for config in (CONFIG, None):
        found = near_duplicates([], config)
        assert len(found.labels) == 0 and found.pairs.shape == (0, 2)


def test_a_text_that_changed_after_it_was_sketched_is_named() -> None:
    texts = ["ألم في الصدر منذ يومين", "سعال", "ألم، في الصدر منذ يومين ٢"]
    sketches = sketch(texts, CONFIG)
    some = np.array([2])
    with pytest.raises(ValueError, match="text 2 is not the one that was sketched"):
        near.Shingles(some, sketches, 3).add(np.arange(3), [*texts[:2], "شيء آخر"])
    with pytest.raises(ValueError, match="text 2 was never added"):
        near.link(sketches, near.equal_texts(sketches), near.Shingles(some, sketches, 3), 0.8)


def test_clusters_are_components_named_by_their_smallest_member() -> None:
    rng = random.Random(12)
    for n in (1, 10, 200):
        pairs = [(rng.randrange(n), rng.randrange(n)) for _ in range(n * 2 // 3)]
        labels = near.clusters(n, np.array(pairs, np.int64).reshape(-1, 2))
        assert labels.tolist() == components(n, pairs)
