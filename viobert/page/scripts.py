"""The page's scripts."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _read(name: str) -> str:
    return (_HERE / f"{name}.js").read_text(encoding="utf-8")


#: Puts [MASK] at the caret.
INSERT_MASK = _read("insert_mask")
#: Turns the page's direction and its address when the language turns.
TURN_PAGE = _read("turn_page")
#: Saves a text as a CSV file.
DOWNLOAD = _read("download")
#: Gradio sets lang to the browser's language, whatever the page's is.
SAY_LANGUAGE = (
    "() => { const r = document.documentElement; r.lang = r.dir === 'ltr' ? 'en' : 'ar'; }"
)
#: Lets the keys 1 to 4 vote.
JUDGE_KEYS = _read("judge_keys")
