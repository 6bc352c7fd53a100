"""Font and colours."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

HERE = Path(__file__).resolve().parent
FONTS = HERE.parents[1] / "assets" / "fonts"
CSS = sorted(HERE.glob("*.css"))

_RANGES = {
    "arabic": "U+0600-06FF,U+0750-077F,U+08A0-08FF,U+200C-200F,U+FB50-FDFF,U+FE70-FEFC",
    "latin": "U+0000-00FF,U+2010-2027,U+2030-205E,U+2066-2069,U+20AC,U+2122,U+2212",
}


class PlexArabic(gr.themes.Font):
    """IBM Plex Sans Arabic from the project's own files, weights 400 and 700."""

    def __init__(self) -> None:
        super().__init__("IBM Plex Sans Arabic")

    def stylesheet(self) -> dict[str, str | None]:
        """The @font-face rules; URLs are relative so that they hold under any root path."""
        faces = [
            f"@font-face{{font-family:'{self.name}';font-style:normal;font-weight:{weight};"
            f"font-display:swap;unicode-range:{_RANGES[subset]};src:url('gradio_api/file="
            f"{(FONTS / f'ibm-plex-sans-arabic-{subset}-{weight}-normal.woff2').as_posix()}')"
            " format('woff2');}"
            for subset in _RANGES
            for weight in (400, 700)
        ]
        return {"url": None, "css": "".join(faces)}


def theme() -> gr.themes.Base:
    """Calm teal on slate; no weight but 400 and 700, which are the ones bundled."""
    gr.set_static_paths([FONTS])
    plex = PlexArabic()
    bold = "700"
    return gr.themes.Soft(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        font=[plex, "system-ui", "sans-serif"],
        font_mono=[gr.themes.Font(plex.name), "ui-monospace", "monospace"],
    ).set(
        body_background_fill="#f6f8f8",
        body_background_fill_dark="*neutral_900",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        input_border_width="1px",
        block_label_text_weight=bold,
        block_title_text_weight=bold,
        block_title_background_fill="transparent",
        block_title_background_fill_dark="transparent",
        block_title_text_color="*body_text_color_subdued",
        block_title_text_color_dark="*body_text_color_subdued",
        block_title_padding="0",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#115e59",
        button_primary_background_fill_dark="#0f766e",
        button_primary_background_fill_hover_dark="#115e59",
        checkbox_label_background_fill_selected="#0f766e",
        checkbox_label_background_fill_selected_dark="#0f766e",
        button_large_text_weight=bold,
        button_medium_text_weight=bold,
        prose_header_text_weight=bold,
    )
