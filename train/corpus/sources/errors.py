"""What a source raises."""

from __future__ import annotations

from train.recipe import RecipeError


class SourceError(RecipeError):
    """Names the file and the row that cannot be read."""
