"""A network that travels: a folder of weights, configuration and a card, without any pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracknet.archive import LARGEST, check_safetensors
from tracknet.errors import InputError
from tracknet.files import whole_folder, write_json, write_text

if TYPE_CHECKING:
    import torch

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
"""The names that model hubs have for them."""


def read_folder(weights: Path) -> "tuple[dict[str, torch.Tensor], dict[str, Any]]":
    """The network's state and what the configuration beside it says, neither of them trusted.

    What that takes of memory is bounded by the sizes of the two files.

    Args:
        weights: The file `WEIGHTS` of such a folder.

    Raises:
        InputError: One of the two is missing or damaged, or holds what it may not.
        OSError: It cannot be read.
    """
    from safetensors.torch import load_file  # not above: it brings torch along

    config = weights.with_name(CONFIG)
    if not config.is_file():
        raise InputError(f"there is no {CONFIG} beside it, which says what network it is of")
    if config.stat().st_size > LARGEST:
        raise InputError(f"{CONFIG} has {config.stat().st_size:,} bytes")
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{CONFIG} is no JSON, or damaged") from error
    if not isinstance(content, dict):
        raise InputError(f"{CONFIG} holds no settings")
    check_safetensors(weights)
    return load_file(weights), content


def write_folder(
    folder: Path, state: "Mapping[str, torch.Tensor]", content: Mapping[str, Any], card: str
) -> None:
    """Writes such a folder, which appears whole or not at all.

    Args:
        folder: It must not be there.
        state: The network's.
        content: Plain data that `read_folder` is to give back.
        card: Markdown, for people.
    """
    from safetensors.torch import save

    # Weights that are one in memory are two in the file, which does not know of that.
    apart = {name: value.contiguous().clone() for name, value in state.items()}
    with whole_folder(folder) as unfinished:
        (unfinished / WEIGHTS).write_bytes(save(apart, {"format": "pt"}))
        write_json(unfinished / CONFIG, content)
        write_text(unfinished / CARD, card)
