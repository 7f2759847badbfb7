"""Writes the pages of a report from the templates beside this file."""

import base64
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tracknet.files import write_text


def write_page(path: Path, template: str, **content: Any) -> None:
    """Writes one HTML file that loads nothing; an older one is replaced.

    Args:
        path: The file.
        template: The name of its template, `<template>.html.jinja`.
        content: What the template shows: `title`, its heading; `facts`, name -> value, what it is
            about; and what else it names.
    """
    page = TEMPLATES.get_template(f"{template}.html.jinja")
    write_text(path, page.render(content))


def data_uri(png: bytes) -> str:
    """A PNG file as the address that an HTML page holds it by."""
    return "data:image/png;base64," + _base64(png)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _png(picture: np.ndarray) -> str:
    """The address of a picture, (H, W, 3) RGB uint8."""
    return data_uri(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=lambda name: name is None or not name.endswith(".md.jinja"),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
TEMPLATES.filters["png"] = _png
TEMPLATES.filters["base64"] = _base64
