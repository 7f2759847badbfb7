"""Networks of timm and transformers that are tested, and their table in docs/backbones.md.

``python -m tests.backbones`` writes the table anew.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch

from tracknet.errors import InputError
from tracknet.models import HFBackbone, TimmBackbone
from tracknet.models.backbones.base import PretrainedBackbone

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "backbones.md"
BEGIN, END = "<!-- table: python -m tests.backbones -->\n", "<!-- end of the table -->\n"
DECODERS = sorted(file.stem for file in (ROOT / "configs" / "decoder").glob("*.yaml"))
TEMPORALS = sorted(file.stem for file in (ROOT / "configs" / "temporal").glob("*.yaml"))
INPUTS = {
    "differences": [],
    "frames as they are": ["inputs.differences=false"],
    "background": ["inputs.background=true"],
    "each frame": ["inputs=frames"],
    "each frame and the background, grey": [
        *("inputs=frames", "inputs.background=true", "inputs.grey=true"),
    ],
}
FRAMEWISE = ("each frame", "each frame and the background, grey")
"""Those that `temporal=shared` takes, too."""
FRAMES = 3


@dataclass(frozen=True)
class Network:
    """One that is tested; `size` (H, W) suits it."""

    family: str
    name: str
    group: str = "timm"
    size: tuple[int, int] = (64, 128)


NETWORKS = [
    Network("ResNet", "resnet18"),
    Network("ResNet", "test_resnet"),
    Network("ConvNeXt", "test_convnext"),
    Network("MobileNetV3", "mobilenetv3_small_050"),
    Network("MobileNetV4", "mobilenetv4_conv_small"),
    Network("EfficientNet", "test_efficientnet"),
    Network("HRNet", "hrnet_w18_small"),
    Network("RegNet", "regnetx_002"),
    Network("RepVGG and the like", "test_byobnet"),
    Network("NFNet", "test_nfnet"),
    Network("MambaOut", "test_mambaout"),
    Network("EdgeNeXt", "edgenext_xx_small"),
    Network("ViT", "test_vit"),
    Network("EVA-02, patches of 14", "eva02_tiny_patch14_224", size=(56, 112)),
    Network("Swin", "swin_tiny_patch4_window7_224"),
    Network("MaxViT", "test_maxvit"),
    Network("ResNet", "resnet", "hf"),
    Network("ConvNeXt", "convnext", "hf"),
    Network("Swin", "swin", "hf"),
    Network("DINOv2, patches of 14", "dinov2", "hf", (56, 112)),
    Network("ViTDet", "vitdet", "hf"),
    Network("BEiT", "beit", "hf"),
]
REFUSED = [
    Network("CrossViT", "crossvit_9_240"),
    Network("EfficientFormer", "efficientformer_l1"),
]


@dataclass(frozen=True)
class Composition:
    """What is trained together."""

    network: Network
    decoder: str
    temporal: str
    inputs: str


def compositions() -> Iterator[Composition]:
    """Every network with every decoder, and all pairs of what else there is."""
    for (i, network), (j, inputs) in product(enumerate(NETWORKS), enumerate(INPUTS)):
        decoder = DECODERS[(i + j) % len(DECODERS)]
        shared = inputs in FRAMEWISE and (i // len(DECODERS) + j) % len(TEMPORALS)
        yield Composition(network, decoder, "shared" if shared else "stack", inputs)


def save_configurations(folder: Path) -> None:
    """A tiny configuration of each of transformers' networks, as `save_pretrained` leaves it."""
    import transformers as hf

    tiny = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    widths, depths = [8, 16, 24, 32], [1, 1, 1, 1]
    configurations = {
        "resnet": hf.ResNetConfig(hidden_sizes=widths, depths=depths, embedding_size=8),
        "convnext": hf.ConvNextConfig(hidden_sizes=widths, depths=depths),
        "swin": hf.SwinConfig(embed_dim=8, depths=depths, num_heads=depths, window_size=4),
        "dinov2": hf.Dinov2Config(**tiny, mlp_ratio=2, patch_size=14, image_size=56),
        "vitdet": hf.VitDetConfig(**tiny, mlp_ratio=2, image_size=64, pretrain_image_size=64),
        "beit": hf.BeitConfig(**tiny, intermediate_size=64, image_size=64),
    }
    for name, configuration in configurations.items():
        configuration.save_pretrained(folder / name)


def open_backbone(network: Network, folder: Path) -> PretrainedBackbone:
    """The backbone, with random weights; transformers' from their configurations in `folder`."""
    if network.group == "hf":
        return HFBackbone(str(folder / network.name), pretrained=False, in_channels=3 * FRAMES)
    return TimmBackbone(network.name, False, in_channels=3 * FRAMES, image_size=network.size)


def table(folder: Path) -> str:
    """What every network gives, as it says itself, and what it is trained with."""
    together: dict[Network, list[str]] = {}
    for one in compositions():
        said = f"`{one.decoder}`, `{one.temporal}`, {one.inputs}"
        together.setdefault(one.network, []).append(said)
    lines = [
        "| backbone | family | gives | strides | pictures | trained one step with |",
        "|---|---|---|---|---|---|",
    ]
    refused = []
    for network in NETWORKS + REFUSED:
        shown = f"`{network.group}` `{network.name}`"
        try:
            with torch.device("meta"):
                backbone = open_backbone(network, folder)
        except InputError as error:
            refused.append(f"| {shown} | {network.family} | {error} |")
            continue
        features = backbone.features
        sizes = "of `image_size` alone" if backbone.only else "any that the strides divide"
        cells = [shown, network.family, features.layout, ", ".join(map(str, features.strides))]
        lines.append(f"| {' | '.join([*cells, sizes, '<br>'.join(together[network])])} |")
    lines += ["", "| refused | family | what is said |", "|---|---|---|", *refused]
    return "\n".join(lines) + "\n"


def page_with(content: str) -> str:
    """The page of the docs with a table in its place."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + content + END + rest.split(END)[1]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        save_configurations(Path(folder))
        PAGE.write_text(page_with(table(Path(folder))), encoding="utf-8")
        print(f"wrote {PAGE}", file=sys.stderr)
