"""The README's pictures, each stamped with a hash of what it shows."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from train import experiments, sweep_report
from train.browser import NoBrowser, launched, served
from train.corpus.funnel import figure as funnel
from train.figures import pair, read_scores
from train.files import StageError, file_hash, replace_file
from train.publish import facts
from viobert.charts import forest
from viobert.checkpoints import ROOT
from viobert.page.examples import examples
from viobert.page.strings import STRINGS, Language
from viobert.panels import FONT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FONTS = ROOT / "assets" / "fonts"
#: The name of the hash among a picture's texts.
STAMP = "drawn-from"
#: Pixels of a figure's and a page's width, and of the picture for each of them.
FIGURE, PAGE, SCALE = 900, 1100, 2
PAGES: dict[str, Language] = {"page-ar.png": "ar", "page-en.png": "en"}


def draw(folder: Path, log: Any = print) -> None:
    """Draw every picture beside the pair in ``folder``; where there is no browser, tell so."""
    wanted = stamps(folder)
    try:
        with launched() as browser, tempfile.TemporaryDirectory() as kept:
            for name, figure in figures(folder).items():
                save(folder.parent / name, shoot(browser, figure), wanted[name])
                log(f"{folder.parent / name}: drawn")
            with served(Path(kept) / "log.txt", VIOBERT_FEEDBACK_DIR=kept) as page:
                for name, language in PAGES.items():
                    save(folder.parent / name, look(browser, page.url, language), wanted[name])
                    log(f"{folder.parent / name}: taken of the page")
    except NoBrowser as error:
        old = [name for name, stamp in wanted.items() if stamp_of(folder.parent / name) != stamp]
        stale = f", stale: {', '.join(old)}" if old else ""
        log(f"pictures kept as they are{stale} ({error})")


def figures(folder: Path) -> dict[str, Any]:
    """The plotly figures of the pair's scores and records and of the experiments, by file."""
    base = facts.read(pair(folder)[0])
    return {
        "gains.png": _set(forest(read_scores(folder))),
        "funnel.png": _set(funnel({**base["corpus"], "name": base["name"]})),
        **{
            experiments.picture(name): _set(sweep_report.figure(name, trained))
            for name, trained in experiments.found(folder).items()
        },
    }


def _set(figure: Any) -> Any:
    """In the project's font, as wide as the README, with room at its sides."""
    return figure.update_layout(width=FIGURE, font={"family": FONT, "size": 13})


def stamps(folder: Path) -> dict[str, str]:
    """The hash of what each picture has to show."""
    drawn = {}
    for name, figure in figures(folder).items():
        shown = json.loads(figure.to_json())
        shown["layout"].pop("template")  # plotly's, another with each of its versions
        drawn[name] = shown
    weights = [file_hash(at / "model.safetensors") for at in pair(folder)]
    for name, language in PAGES.items():
        labels = {k: v for k, v in vars(STRINGS[language]).items() if isinstance(v, str)}
        drawn[name] = [weights, vars(examples()[0]), labels]
    return {name: _hash(shown) for name, shown in drawn.items()}


def _hash(shown: Any) -> str:
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamp_of(path: Path) -> str:
    """The hash that a picture carries; empty without one."""
    if not path.exists():
        return ""
    with Image.open(path) as picture:
        return str(picture.info.get(STAMP, ""))


def save(path: Path, png: bytes, stamp: str) -> None:
    """Write a picture of at most 256 colours that carries its hash."""
    about = PngInfo()
    about.add_text(STAMP, stamp)
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    # Of Pillow's methods the one that keeps a colour of few pixels.
    method = Image.Quantize.MAXCOVERAGE
    image = whole.quantize(256, method=method, dither=Image.Dither.NONE)
    replace_file(path, lambda to: image.save(to, "PNG", optimize=True, pnginfo=about))


def shoot(browser: Browser, figure: Any) -> bytes:
    """A plotly figure as PNG, drawn without a network."""
    from plotly.offline import get_plotlyjs

    with _opened(browser, "en", FIGURE) as page:
        page.set_content(f"<style>{_faces()} body {{margin: 0}}</style><div id='figure'></div>")
        # Plotly measures words when it draws: the font has to be there.
        page.evaluate("Promise.all([...document.fonts].map(face => face.load()))")
        page.add_script_tag(content=get_plotlyjs())
        page.evaluate(
            "({data, layout}) => Plotly.newPlot('figure', data, layout, {staticPlot: true})",
            json.loads(figure.to_json()),
        )
        return page.locator("#figure .main-svg").first.screenshot()


def _faces() -> str:
    """The project's font as rules that hold it whole."""
    rules = []
    for path in sorted(FONTS.glob("*.woff2")):
        data = base64.b64encode(path.read_bytes()).decode()
        weight = path.stem.split("-")[-2]
        rules.append(
            f"@font-face {{font-family: 'IBM Plex Sans Arabic'; font-weight: {weight}; "
            f"src: url(data:font/woff2;base64,{data})}}"
        )
    return " ".join(rules)


def look(browser: Browser, url: str, language: Language) -> bytes:
    """The top of the page as PNG once both models have answered the first example."""
    with _opened(browser, language, PAGE) as page:
        page.goto(f"{url}/?lang={language}")
        page.locator(".chip.ready").wait_for()
        for panel in ("general", "medical"):
            page.locator(f"#{panel} .word").nth(4).wait_for()
        page.evaluate("document.fonts.ready")
        legend = page.locator("#legend").bounding_box()
        if not legend:
            raise StageError("the page shows no legend below its answers")
        page.set_viewport_size(
            {"width": PAGE, "height": round(legend["y"] + legend["height"] + 12)}
        )
        return page.screenshot(animations="disabled", caret="hide")


@contextmanager
def _opened(browser: Browser, language: Language, width: int) -> Iterator[Page]:
    """A window so many pixels wide; what goes wrong in it is a ``StageError``."""
    from playwright.sync_api import Error

    context = browser.new_context(
        viewport={"width": width, "height": 1200}, device_scale_factor=SCALE, locale=language
    )
    try:
        yield context.new_page()
    except Error as error:
        raise StageError(f"Chromium: {error.message.splitlines()[0]}") from error
    finally:
        context.close()
