"""The Hub's rules for the metadata on top of a README.md, as far as a test needs them."""

from __future__ import annotations

import re
from typing import Any

import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results

_NAMED = """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause
    bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0
    cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
    cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
    eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research intel-research
    lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0 openrail++ osl-3.0
    postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license
    fair-noncommercial-research-license
    llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 grok2-community gemma unknown other
"""
LICENCES = set(_NAMED.split())
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
RELATIONS = {"finetune", "adapter", "merge", "quantized"}
HEAD = re.compile(r"^\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


def metadata(readme: str) -> Any:
    """What stands between the dashes on top; None if nothing does, or it is no YAML."""
    found = HEAD.match(readme)
    try:
        return yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        return None


def judged(readme: str, kind: str) -> tuple[list[str], list[str]]:
    """Errors and warnings."""
    found = HEAD.match(readme)
    try:
        card = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        return [f"YAML: {' '.join(str(error).split())}"], []
    if card is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(card, dict):
        return ["the metadata must be an object"], []
    errors = _licence(card, kind) + _texts(card)
    errors += _space(card) if kind == "space" else []
    errors += _model(card) if kind == "model" else []
    return errors, []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _licence(card: dict[str, Any], kind: str) -> list[str]:
    # The Hub takes a card without a licence; this project publishes none.
    if "license" not in card:
        return [] if kind == "space" else ['"license" is missing']
    named = _list(card["license"])
    if not named or any(one not in LICENCES for one in named):
        return [f'"license" must be one of [{", ".join(sorted(LICENCES))}]']
    return []


def _texts(card: dict[str, Any]) -> list[str]:
    errors = []
    for one in _list(card.get("language") or []):
        # YAML reads the language no as a truth value.
        if not (isinstance(one, str) and re.fullmatch(r"[a-z]{2,3}|code|multilingual", one)):
            errors.append(f'"language" must be an ISO 639 code: {one!r}')
    for field in ("tags", "datasets", "metrics"):
        value = card.get(field)
        if value is not None and not all(isinstance(one, str) for one in _list(value)):
            errors.append(f'"{field}" must be an array of strings')
    for one in _list(card.get("base_model") or []):
        if not (isinstance(one, str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)?", one)):
            errors.append(f'"base_model" with value {one!r} is not valid')
    return errors


def _space(card: dict[str, Any]) -> list[str]:
    errors = []
    if card.get("sdk") not in ("gradio", "docker", "static"):
        errors.append('"sdk" must be one of [gradio, docker, static]')
    for field in ("colorFrom", "colorTo"):
        if field in card and card[field] not in COLOURS:
            errors.append(f'"{field}" must be one of [{", ".join(sorted(COLOURS))}]')
    if len(str(card.get("short_description", ""))) > 60:
        errors.append('"short_description" length must be less than or equal to 60')
    return errors


def _model(card: dict[str, Any]) -> list[str]:
    errors = []
    relation = card.get("base_model_relation")
    if relation is not None and relation not in RELATIONS:
        errors.append(f'"base_model_relation" must be one of [{", ".join(sorted(RELATIONS))}]')
    if "model-index" in card:
        try:
            model_index_to_eval_results(card["model-index"])
        except Exception as error:
            errors.append(f'"model-index" cannot be read: {type(error).__name__} {error}')
    return errors
