"""The blocks of the project's README that are written from records and scores."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from train.corpus.funnel import funnel
from train.files import StageError
from train.publish.facts import Facts, stages
from train.publish.figures import figures
from train.publish.made import duration
from viobert.charts import LOOKS, gains
from viobert.scores import Score

#: The blocks of the README, each between two marks.
NAMES = ("figures", "funnel", "pair")


def marks(name: str) -> tuple[str, str]:
    """The lines above and below a block."""
    return f"<!-- {name}: written by `make figures`, checked by a test -->", f"<!-- /{name} -->"


def renewed(readme: Path, blocks: Mapping[str, str]) -> str:
    """The README's text with each block between its marks; ``StageError`` where they are gone."""
    text = readme.read_text(encoding="utf-8")
    for name, block in blocks.items():
        start, end = marks(name)
        before, _, rest = text.partition(start)
        _, found, after = rest.partition(end)
        if not found:
            raise StageError(f"{readme}: the marks {start!r} and {end!r} are gone")
        text = f"{before}{start}\n\n{block}\n\n{end}{after}"
    return text


def blocks(rows: Sequence[Score], base: Facts, model: Facts, sentences: int) -> dict[str, str]:
    """Each block by its name; ``sentences``: those that the pair's taggers learned from."""
    texts = (
        f"{_forest(rows)}\n\n{figures(rows)}", _funnel(base, model), _pair(base, model, sentences)
    )  # fmt: skip
    return dict(zip(NAMES, texts, strict=True))


def _forest(rows: Sequence[Score]) -> str:
    """The picture of the differences, told in words for those who do not see it."""
    counts: Counter[str] = Counter(s.verdict for s in gains(rows))
    told = ", ".join(f"{verdict} in {counts[verdict]}" for verdict in LOOKS)
    return (
        "![viobert-mini against base-mini: the difference with its 95 % interval in each of "
        f"{counts.total()} settings, better to the right; {told}](assets/gains.png)"
    )


def _funnel(base: Facts, model: Facts) -> str:
    read = sum(source["read"] for source in base["corpus"]["sources"].values())
    general, health = (Path(of["recipe"]["file"]).name for of in (base, model))
    return "\n\n".join([
        f"![Documents of {base['name']} after each step, by source: {read:,} read, "
        f"{base['corpus']['documents']:,} kept](assets/funnel.png)",
        f"General text (`{general}`), documents a step:",
        funnel(base["corpus"]),
        f"Health text (`{health}`), what `{base['name']}` holds left out as well:",
        funnel(model["corpus"]),
    ])  # fmt: skip


def _pair(base: Facts, model: Facts, sentences: int) -> str:
    splits, last = model["corpus"]["splits"], model["recipe"]["stopping"]["weights"]
    first = stages(model)[-1]["recipe"]["stopping"]
    chose = f"{splits['dev']:,} health documents"
    if first["weights"].get("probe_macro_f1"):
        chose += f" and a probe on rows of {Path(first['probe']['path']).stem} that are not tested"
    chose += " chose the checkpoint"
    if last.get("cloze_nats"):
        chose += " of its first stage, sentences with a hidden word that of its last"
    text = (
        f"The embedded pair is small. Its base {_read(base, 'general')}; the medical model, which "
        f"goes on from there, {_read(model, 'health')}. {chose}, "
        f"{splits['test']:,} documents measure it. It takes "
        f"{model['model']['max_position_embeddings']} word pieces at most."
    )
    if sentences:
        text += (
            f" The entities of the page are found by heads that learned from {sentences:,} "
            "sentences written for this project."
        )
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _read(record: Facts, kind: str) -> str:
    """How long a model was trained, where, and on how much."""
    *later, first = stages(record)
    done, documents = first["training"], record["corpus"]["splits"]["train"]
    times = f", {done['epochs']:g} times" if done.get("epochs") else ""
    took = f" in {duration(done['seconds'])}" if done.get("seconds") else ""
    place = f" on {done['devices']}" if done.get("devices") else ""
    replay = first["recipe"]["training"].get("replay")
    again = (
        f" and, for {100 * replay:.0f} % of each step, of its base's texts again," if replay else ""
    )
    total = f"read {done['pieces'] / 1e6:.1f} million word pieces{', of' if replay else ' of'}"
    more = "".join(f", then {_more(stage)}" for stage in reversed(later))
    return f"{total} {kind} text ({documents:,} documents{times}){again}{took}{place}{more}"


def _more(stage: Facts) -> str:
    """A later stage on the same text."""
    how, done = stage["recipe"]["training"], stage["training"]
    text = f"{done['pieces'] / 1e6:.1f} million more in windows of {how['length']}"
    text += f" in {duration(done['seconds'])} on {done['devices']}"
    if how.get("blend", 1) < 1:
        text += f" (the weights are a mean, {how['blend']:.0%} of those it came to)"
    return text
