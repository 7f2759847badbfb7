"""Models by their names: those that come with this package, and those in folders of one's own."""

import os
from pathlib import Path

from tracknet.zoo.folder import WEIGHTS

OURS = Path(__file__).parent
"""The models of this package, each a folder that is called as the model is."""
LARGEST = 4_000_000
"""Bytes of the weights of one of these: everybody who installs the package fetches them."""
FOLDERS = "TRACKNET_MODELS"
"""Of the environment: folders of further models, as in PATH; the first one that has a name wins."""


def models() -> dict[str, Path]:
    """Name -> folder of every model that can be named."""
    own = [Path(place) for place in os.environ.get(FOLDERS, "").split(os.pathsep) if place]
    found: dict[str, Path] = {}
    for place in (OURS, *reversed(own)):
        found |= {file.parent.name: file.parent for file in place.glob(f"*/{WEIGHTS}")}
    return dict(sorted(found.items()))


def or_models() -> str:
    """How a message ends that has listed what a run may be: ``or a model by its name: badminton``.

    Where there are none, ``or a model's folder``.
    """
    names = ", ".join(models())
    return f"or a model by its name: {names}" if names else "or a model's folder"
