"""TrackNetV3's tracking network (Chen and Wang 2023), github.com/qaz812345/TrackNetV3."""

from collections.abc import Mapping
from typing import Any

from tracknet.errors import InputError
from tracknet.published.base import Published, blocks
from tracknet.trust import short
from tracknet.values import Window, mistake

BLOCKS = (
    ("down_block_1", "backbone.levels.0", 2),
    ("down_block_2", "backbone.levels.1", 2),
    ("down_block_3", "backbone.levels.2", 3),
    ("bottleneck", "backbone.levels.3", 3),
    ("up_block_1", "decoder.blocks.0", 3),
    ("up_block_2", "decoder.blocks.1", 2),
    ("up_block_3", "decoder.blocks.2", 2),
)
BACKGROUNDS = {"": False, "concat": True}
"""How its training was told to take the background -> whether ours is an input."""


def settings(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """What its training was told, as ours would be.

    Raises:
        InputError: It was told something that is not built here.
    """
    told = checkpoint.get("param_dict")
    if not isinstance(told, dict):
        raise InputError("has no param_dict, which says what its network is")
    if (name := told.get("model_name")) != "TrackNet":
        raise InputError(
            f"model_name={short(name)}: expected TrackNet, the network that sees frames; "
            "InpaintNet sees coordinates and is not built here"
        )
    frames, mode = told.get("seq_len"), told.get("bg_mode")
    if wrong := mistake("seq_len", frames, Window):
        raise InputError(wrong)
    if not isinstance(mode, str) or mode not in BACKGROUNDS:
        raise InputError(f"bg_mode={short(mode)}: expected '' or concat; others are not built here")
    return {"frames": frames, "inputs.background": BACKGROUNDS[mode]}


TRACKNETV3 = Published(
    entry="model",
    modules={
        **dict(
            blocks(BLOCKS, lambda n: f"conv_{n + 1}.conv", lambda n: f"conv_{n + 1}.bn", (0, 1))
        ),
        "predictor": "head.logits",
    },
    settings=settings,
)
