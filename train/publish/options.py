"""What a recipe may say of its release."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.fields import STRICT

#: ``name`` or ``owner/name``, as the Hub takes it.
HubName = Annotated[str, Field(pattern=r"^([\w-][\w.-]*(/[\w-][\w.-]*)?)?$")]


@dataclass(config=STRICT)
class Release:
    repository: HubName = ""
    """Hub id that the model is released under; without an owner it is the token's user's, empty:
    the recipe's name. Its fine-tuned heads go beside it, under this name with an ending."""
    tag: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "v3.0.0"
    """Tag of the released revision; it is never moved."""
    space: HubName = ""
    """Hub id of the Space that carries the page."""
    base_licence: str = ""
    """What may be done with the base's weights, where the base is no recipe."""
    base_link: str = ""
    """Where that stands (an https address)."""
    licences: dict[str, str] = dataclasses.field(default_factory=dict)
    """Licences of labelled sets that heads learn from, where their rows have none: by their name
    in ``corpus.evaluation_sets``."""
