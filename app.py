"""The Space's front door: ``python app.py`` serves the page."""

from __future__ import annotations

import logging
import os
import sys

# Read when gradio and huggingface_hub are imported: nothing about a visit leaves the machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr  # noqa: E402

from viobert.feedback import Feedback, from_environment, install_sigterm  # noqa: E402
from viobert.page import build as page  # noqa: E402
from viobert.page.models import Models  # noqa: E402


def build(feedback: Feedback) -> gr.Blocks:
    """The page, its models beginning to load."""
    models = Models()
    models.start()
    return page.build(models, feedback)


def main() -> None:
    """Serve on GRADIO_SERVER_NAME:PORT; a Space listens on every interface."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    everywhere = "0.0.0.0" if os.environ.get("SPACE_ID") else "127.0.0.1"
    port = os.environ.get("PORT", "7860")
    if not port.isdecimal():
        sys.exit(f"PORT={port} is not a number")
    feedback = from_environment()
    feedback.earlier()
    install_sigterm(feedback)
    try:
        demo = build(feedback)
    except ValueError as error:  # VIOBERT_RATE
        sys.exit(str(error))
    try:
        demo.launch(
            server_name=os.environ.get("GRADIO_SERVER_NAME", everywhere),
            server_port=int(port),
            **page.launch_options(),
        )
    except OSError as error:  # gradio's word for a port that is taken
        sys.exit(f"cannot listen on port {port}: {error}; PORT=… chooses another")


if __name__ == "__main__":
    main()
