"""The publish stage: a model and its heads to the Hub, the page to a Space."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from train.files import Run, StageError, replace_folder
from train.publish import facts, hub, space
from train.publish.check import check, validated
from train.publish.hub import Place
from train.publish.release import Origin, Part, of_embedded, of_run, write
from train.publish.terms import terms
from train.publish.verify import verify


def publish(
    run: Run, log: Any = print, repository: str = "", tag: str = "", embedded: bool = False,
    public: bool = False, dry_run: bool = False, out: Path | None = None,
) -> list[Part]:  # fmt: skip
    """Release a run's best model and its heads under ``tag``; the same command goes on where it
    was stopped, and does nothing when all is done.

    ``embedded``: the medical model in ``assets/models`` instead; ``dry_run``: only write the
    folders, to ``out``. ``public``: when all is pushed, tagged and scored again, let everybody see
    it. Raises ``StageError``; nothing is public before the end.
    """
    origin = of_embedded(run) if embedded else of_run(run, log)
    folder = out or run.folder / "release"
    wanted = hub.named(repository or run.recipe.release.repository or run.recipe.name)
    if out:
        _spare(out / wanted.rpartition("/")[2])
    if dry_run:
        parts = _written(origin, folder, wanted, log)
        _forbidden(parts, public)
        return parts
    api = hub.connect()
    name, tag = hub.owned(api, wanted), tag or run.recipe.release.tag
    if not re.fullmatch(r"[\w.-]+", tag):
        raise StageError(f"--tag {tag}: letters, digits, dots and hyphens")
    parts = _written(origin, folder, name, log)
    _forbidden(parts, public)
    commits = {part.name: _push(api, part, tag, log) for part in parts}
    for part in parts:
        place = Place(part.name)
        if hub.tagged(api, place, tag) is None:
            hub.tag_commit(api, place, tag, commits[part.name])
            log(f"{part.name}: {tag} is commit {commits[part.name][:12]}")
    hidden = [part.name for part in parts if hub.is_private(api, Place(part.name))]
    if public and hidden:
        _clean_history(api, hidden, tag)
        verify(run, f"{name}@{tag}", log, embedded)
        for of in hidden:
            hub.make_public(api, Place(of))
            log(f"{of}: public")
    return parts


def _written(origin: Origin, folder: Path, name: str, log: Any) -> list[Part]:
    parts = write(origin, folder, name)
    for part in parts:
        check(part, part.folder)
        size = sum(p.stat().st_size for p in part.folder.iterdir())
        log(f"{part.folder}: {part.name}, {size / 1e6:.1f} MB, licence {part.terms.licence}")
    return parts


def _forbidden(parts: list[Part], public: bool) -> None:
    """The licence gate: what its data forbid is not shown to others."""
    held = dict.fromkeys(line for part in parts for line in part.terms.forbid)
    if public and held:
        raise StageError(
            "not to be made public, by the licences of the training data: " + "; ".join(held)
        )


def _push(api: HfApi, part: Part, tag: str, log: Any) -> str:
    """A part on the Hub, read back and checked; its commit."""
    place = Place(part.name)
    commit = hub.tagged(api, place, tag)
    if commit:
        if not hub.holds(api, place, commit, part.folder):
            raise StageError(
                f"{part.name}: {tag} marks another content ({commit[:12]}), and a tag is never "
                "moved; choose another with --tag"
            )
        log(f"{part.name}: {tag} is there already")
        return commit
    commit = hub.push(api, part.folder, place, f"Release {tag}", log)
    with hub.empty_cache() as cache:
        check(part, hub.read_back(api, part.folder, place, commit, cache), hub=True)
    log(f"{part.name}: commit {commit[:12]} was read back and is whole")
    return commit


def publish_space(
    run: Run, log: Any = print, repository: str = "", public: bool = False,
    dry_run: bool = False, out: Path | None = None,
) -> Path:  # fmt: skip
    """Push what the page needs, and nothing else, to a Space; the folder that was pushed."""
    folder = out or run.folder / "space"
    if out:
        _spare(out)
    wanted = repository or run.recipe.release.space
    if not wanted and not dry_run:
        raise StageError(f"{run.recipe.path}: release.space names no Space; --space OWNER/NAME")
    replace_folder(folder, space.fill)
    log(f"{folder}: {len(list(folder.rglob('*')))} files and folders")
    if dry_run:
        return folder
    api = hub.connect()
    place = Place(hub.owned(api, wanted), "space")
    validated(place.name, (folder / "README.md").read_text(encoding="utf-8"), "space")
    commit = hub.push(api, folder, place, "Update the page", log)
    with hub.empty_cache() as cache:
        hub.read_back(api, folder, place, commit, cache)
    log(f"{place}: commit {commit[:12]} was read back and is whole")
    if public and hub.is_private(api, place):
        hub.make_public(api, place)
        log(f"{place}: public")
    return folder


def _clean_history(api: HfApi, names: list[str], tag: str) -> None:
    """``StageError`` if more than checked and permitted releases would become public."""
    for name in names:
        place = Place(name)
        if found := hub.never_meant(api, place, tag):
            raise StageError(
                f"{name} is not made public, since its history would be too: {found}; release "
                "under another name"
            )
        with hub.saying(name), hub.empty_cache() as cache:
            for ref in api.list_repo_refs(name).tags:
                path = api.hf_hub_download(name, facts.NAME, revision=ref.name, cache_dir=cache)
                if held := terms(facts.read(Path(path).parent)).forbid:
                    raise StageError(
                        f"{name} is not made public, since its history would be too: {ref.name}, "
                        f"by {held[0]}; release under another name"
                    )


def _spare(folder: Path) -> None:
    """``StageError`` for a folder of somebody's that would be replaced."""
    if folder.exists() and not folder.is_dir() or folder.is_dir() and any(folder.iterdir()):
        raise StageError(f"{folder} is there and not empty: it would be replaced; name another")
