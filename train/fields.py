"""Types of the fields of a recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

STRICT = ConfigDict(extra="forbid", strict=True)
# YAML 1.1 reads 1e-3 as a string and 1 as an integer: numbers alone are read leniently.
Share = Annotated[float, Field(strict=False, ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
AtLeast0 = Annotated[int, Field(ge=0)]
Above0 = Annotated[float, Field(strict=False, gt=0)]
Power = Annotated[float, Field(strict=False, ge=0)]
Beta = Annotated[float, Field(strict=False, ge=0, lt=1)]
Length = Annotated[int, Field(ge=8)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
