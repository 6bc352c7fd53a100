"""The fine-tuned entity finders of an evaluation, embedded beside the pair."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from train.files import Run, StageError, replace_folder
from viobert.charts import name as setting_of
from viobert.checkpoints import TAGGERS, Role
from viobert.scores import ALL, Score, named, shown

CARD = """---
language: [ar]
library_name: transformers
pipeline_tag: token-classification
license: {licence}
---

# {name}

{encoder}, fine-tuned to find medical entities (IOB2 tags on the first piece of each word) in the
sentences of [`assets/ner`](../../ner), which are this project's own and CC0. A research tool, not a
medical device.

It is the head of seed {seed} of the evaluation, the first one and not the best, kept in half
precision ({size:.1f} MB).

```python
from viobert.ner import Tagger

tag = Tagger("assets/models/{name}")
tag("يعاني من السكري ويتناول الميتفورمين")
```

## Scores

Means over the evaluation's seeds on the tested sentences, with 95 % intervals.

{scores}

## Limits

The sentences were written for this purpose and no clinician has judged their annotation
([`assets/ner/README.md`](../../ner/README.md)); real notes are harder.
"""


def embed_taggers(
    run: Run, names: dict[Role, str], rows: Sequence[Score], licence: str, folder: Path, log: Any
) -> None:
    """Copy the first seed's heads of the entity axis, where the recipe has one, to ``folder``.

    ``names``: the run's name of each role's model. ``StageError`` where a head was not kept.
    """
    config = run.recipe.what.evaluation
    if not config.entities:
        return
    seed = config.seeds[0]
    for role, model in names.items():
        head = run.folder / "evaluation" / "heads" / f"ner.entities.strict.{model}.{seed}"
        if not (head / "model.safetensors").is_file():
            raise StageError(
                f"{head}: this head was not kept; run python -m train evaluate {run.recipe.path} "
                f"--only axis=ner,seed={seed} --keep"
            )
        name = Path(TAGGERS[role].stand_in).name
        own = [s for s in rows if s.model == model and s.axis == "ner" and s.items == ALL]
        write = partial(_fill, head=head, name=name, seed=seed, rows=own, licence=licence)
        replace_folder(folder / name, write)
        log(f"{folder / name}: finds entities, seed {seed}")


def _fill(
    path: Path, head: Path, name: str, seed: int, rows: Sequence[Score], licence: str
) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model: Any = AutoModelForTokenClassification.from_pretrained(head)
    model.half().save_pretrained(path)
    AutoTokenizer.from_pretrained(head).save_pretrained(path)
    lines = []
    for s in rows:
        if s.seed is None:
            less = " less the general" if s.against else ""
            lines.append(f"- {setting_of(s)}, {named(s.metric)}{less}: {shown(s)}")
    text = CARD.format(
        name=name, encoder=name.removesuffix("-ner"), seed=seed, licence=licence,
        size=(path / "model.safetensors").stat().st_size / 1e6, scores="\n".join(lines),
    )  # fmt: skip
    (path / "README.md").write_text(text, encoding="utf-8")
