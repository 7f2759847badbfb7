"""TrackNetV2 (Sun et al. 2020), three frames in and out, as github.com/nttcom/WASB-SBDT has it."""

from tracknet.published.base import Published, blocks

BLOCKS = (
    ("inc.double_conv", "backbone.levels.0", 2),
    ("down1.maxpool_conv.1.double_conv", "backbone.levels.1", 2),
    ("down2.maxpool_conv.1.triple_conv", "backbone.levels.2", 3),
    ("down3.maxpool_conv.1.triple_conv", "backbone.levels.3", 3),
    ("up1.conv.triple_conv", "decoder.blocks.0", 3),
    ("up2.conv.double_conv", "decoder.blocks.1", 2),
    ("up3.conv.double_conv", "decoder.blocks.2", 2),
)

TRACKNETV2 = Published(
    entry="model_state_dict",
    modules={
        # Convolution, ReLU and norm have a place each, there and here.
        **dict(blocks(BLOCKS, lambda unit: f"{3 * unit}", lambda unit: f"{3 * unit + 2}", (0, 2))),
        "outc.conv": "head.logits",
    },
)
