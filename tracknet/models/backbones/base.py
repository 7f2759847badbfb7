"""What every backbone has, and what those that take pretrained networks share."""

import json
import math
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tracknet.errors import InputError, InputWarning
from tracknet.geometry import Size
from tracknet.models.lora import add_adapters, is_adaptable
from tracknet.trust import short
from tracknet.types import FeatureInfo
from tracknet.values import Rank, Text

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
RGB = 3
REFUSED = "strict=true refuses the random weights that pretrained=false asks for; drop one"
LAYERS, LARGEST = 1000, 100_000
"""More than any network has, and a larger number than any of its settings."""
KNOWN = {
    *("vit", "vit_mae", "vit_msn", "deit", "ijepa", "dinov2", "dinov2_with_registers"),
    *("dinov3_vit", "convnext", "convnextv2", "dinov3_convnext"),
}
"""transformers' types that a checkpoint of `backbone=vit` or `backbone=convnext` may name."""


def describe_weights(
    kind: str,
    name: str,
    config: dict[str, Any] | None = None,
    mean: Iterable[float] = IMAGENET_MEAN,
    std: Iterable[float] = IMAGENET_STD,
) -> dict[str, Any]:
    """What a checkpoint records of a backbone's origin: plain data, enough to build it again.

    Args:
        kind: ``pretrained``, ``stand-in``, ``random``, or of a whole network's ``imported``.
        name: Of the network really built.
        config: The pretrained network's own configuration.
        mean: Of R, G, B in 0..1, which the input is normalised with.
        std: Of R, G, B, which it is divided by then.
    """
    mean, std = [float(m) for m in mean], [float(s) for s in std]
    return {"kind": kind, "name": name, "config": config, "mean": mean, "std": std}


class Backbone(nn.Module):
    """(B,C,H,W) -> the features that `features` describes.

    Args:
        weights: See `describe_weights`; random weights unless given.

    Attributes:
        features: Layout, channels and strides of what comes out; subclasses set it.
        weights: Where the weights came from; plain data for the manifest and the checkpoint.
        only: (H, W) of the only pictures that it takes; None: all that its strides divide.
    """

    features: FeatureInfo
    only: Size | None = None

    def __init__(self, weights: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.weights = weights or describe_weights("random", type(self).__name__)

    @property
    def multiple(self) -> int:
        """Pixels that have to divide the sides of the input, for all grids that it computes on."""
        return math.lcm(*self.features.strides)

    def take_differences(self, gain: float, still: int) -> None:
        """Told that the input is one picture and, `gain` times as strong, differences to it.

        Args:
            gain: Of the differences.
            still: Which of the pictures is that one.
        """

    def check_size(
        self, size: Sequence[int], heatmap_stride: int = 1, name: str = "image_size"
    ) -> None:
        """Refuses an image that the coarsest level would cut off at the right or at the bottom.

        Args:
            size: (H, W) of the network's input, pixels.
            heatmap_stride: What has to divide the size besides; the heatmap would be cut off too.
            name: What the size is called in the configuration.

        Raises:
            InputError: The strides do not divide it; the message names the nearest size that fits.
        """
        if self.only and tuple(size) != self.only:
            height, width = self.only
            raise InputError(
                f"{name} {size[0]}x{size[1]}: {self.weights['name']} takes {height}x{width} alone, "
                "for which it was built; train on whole frames (transform=standard), or take a "
                "network without fixed positions, such as backbone=timm backbone.name=resnet18"
            )
        stride = self.multiple
        common = math.lcm(stride, heatmap_stride)
        if any(side % common for side in size):
            height, width = (max(1, round(side / common)) * common for side in size)
            heatmap = "" if common == stride else f" and of heatmap_stride={heatmap_stride}"
            raise InputError(
                f"{name} {size[0]}x{size[1]} is not a multiple of the backbone's stride "
                f"{stride}{heatmap}; use {height}x{width}"
            )


class PretrainedBackbone(Backbone):
    """A backbone whose network is pretrained, or stands in for one that is.

    Subclasses take ``cfg``, a `PretrainedConfig`, and as keywords ``in_channels``, 3 for each
    picture, and ``restored``, see `open_pretrained`.

    Attributes:
        net: The network; subclasses set it.
        frozen: Whether `net` stays as it is.
        adapted: Whether adapters learn in place of its weights.
    """

    net: nn.Module
    frozen = False
    adapted = False

    def learn_by(self, freeze: bool = False, lora: int = 0, checkpointing: bool = False) -> None:
        """Settles how `net` learns, once it is there; see `PretrainedConfig`.

        Raises:
            InputError: These do not go together, or the network does not support one of them.
        """
        if freeze and (lora or checkpointing):
            raise InputError(
                "freeze=true leaves nothing to learn to lora or checkpointing; drop one"
            )
        if checkpointing:
            _checkpoint_blocks(self.net, self.weights["name"])
        if freeze:
            self.freeze()
        if lora:
            bare = [] if is_adaptable(stem_of(self.net)) else self.inflated_stem()
            add_adapters(self.net, lora)
            for parameter in bare:
                parameter.requires_grad_(True)
            self.adapted = True
            self.train(self.training)

    def inflated_stem(self) -> list[nn.Parameter]:
        """The first convolution's parameters, if it takes more than one picture."""
        stem = stem_of(self.net)
        return [] if stem.in_channels == RGB else list(stem.parameters())

    def freeze(self) -> None:
        """Freezes `net` and keeps it in eval mode from now on, whatever `train` is told.

        An inflated stem learns on: its copies are equal, so that a frozen one shows the network
        the mean of the pictures, in which no frame differs from another.
        """
        self.frozen = True
        self.net.requires_grad_(False).eval()
        for parameter in self.inflated_stem():
            parameter.requires_grad_(True)

    def take_differences(self, gain: float, still: int) -> None:
        """Weighs an inflated stem so that it gives what it gave for the pictures themselves."""
        if self.weights["kind"] == "pretrained":
            stem = stem_of(self.net)
            with torch.no_grad():
                own = slice(still * RGB, (still + 1) * RGB)
                picture = stem.weight[:, own] * (stem.in_channels / RGB)
                stem.weight /= gain
                stem.weight[:, own] = picture

    def train(self, mode: bool = True) -> "PretrainedBackbone":
        super().train(mode)
        if self.frozen:
            self.net.eval()
        elif self.adapted:  # its statistics stay, as its weights do
            for module in self.net.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self


@dataclass
class PretrainedConfig:
    """Which network, and whether another one may stand in for it.

    Attributes:
        pretrained_model_name: A Hugging Face name in the local cache, or a local folder.
        use_pretrained: False asks for the stand-in.
        strict: A stand-in is an error.
        freeze: The network is frozen and in eval mode; a stem for more than one picture learns on.
        lora: Rank of the adapters that learn in place of the network's weights; 0 for none.
        checkpointing: Blocks are computed once more on the way back, instead of being remembered.
    """

    pretrained_model_name: Text
    use_pretrained: bool = True
    strict: bool = False
    freeze: bool = False
    lora: Rank = 0
    checkpointing: bool = False


def open_pretrained(
    cfg: PretrainedConfig, stand_in: str, restored: dict[str, Any] | None
) -> tuple[nn.Module | None, dict[str, Any]]:
    """The pretrained network and its record, or None and the record of the stand-in to build.

    Args:
        cfg: What is wanted.
        stand_in: Name of the network that takes its place.
        restored: A record from a checkpoint: builds that network again, without its weights,
            without looking at any cache and without a warning.

    Raises:
        FileNotFoundError: `cfg.strict`, and the weights are not on this machine.
        InputError: `cfg.strict` without `cfg.use_pretrained`, or the weights' files are broken.
    """
    if restored is not None:
        if restored["kind"] != "pretrained":
            return None, restored
        from transformers.models.auto import AutoModel

        config = own_settings(KNOWN, **restored["config"])
        return AutoModel.from_config(config, dtype=torch.float32), restored
    record = describe_weights("stand-in", stand_in)
    if not cfg.use_pretrained:
        if cfg.strict:
            raise InputError(
                "strict=true refuses the stand-in that use_pretrained=false asks for; drop one"
            )
        return None, record
    found = open_local(cfg.pretrained_model_name, cfg.strict, f"{stand_in} WITH RANDOM WEIGHTS")
    return found or (None, record)


def open_local(
    name: str, strict: bool, stand_in: str, kind: Any = None, **options: Any
) -> tuple[nn.Module, dict[str, Any]] | None:
    """transformers' network of local files and its record; None, with a warning, if there is none.

    Args:
        name: In the local cache, or a local folder.
        strict: Whether its absence is an error.
        stand_in: What takes its place, for the warning.
        kind: Which of transformers' classes it is; None: as AutoModel finds.
        options: What that takes besides.

    Raises:
        FileNotFoundError: `strict`, and the weights are not on this machine.
        InputError: Their files are broken.
    """
    try:
        return _from_local_files(name, kind, options)
    except OSError as error:
        problem = f"the weights of {name} are not on this machine ({first_sentence(error)}). "
        if Path(name).is_dir():
            problem += "Complete the folder: save the network and its image processor there"
        else:
            problem += (
                f"Get them where there is a network with `hf download {name}` (some ask to accept "
                "a licence on their page first), or set pretrained_model_name to a folder that "
                "holds them"
            )
        absent(problem, strict, stand_in, error)
        return None
    except Exception as error:  # a broken file lets its reader raise anything
        raise InputError(
            f"the weights of {name} cannot be read ({first_sentence(error)}); are the files "
            "complete? Get them again, or set pretrained_model_name to another network"
        ) from error


def absent(problem: str, strict: bool, stand_in: str, error: Exception | None = None) -> None:
    """Warns that weights are not on this machine, and what takes their place.

    Raises:
        FileNotFoundError: `strict`.
    """
    if strict:
        raise FileNotFoundError(problem) from error
    warnings.warn(
        f"{problem}. UNTIL THEN {stand_in} STANDS IN; strict=true makes this an error.",
        InputWarning,
        stacklevel=5,
    )


def own_settings(known: Collection[str], model_type: str, **settings: Any) -> Any:
    """The configuration of a network of that type: its own settings, as a checkpoint recorded them.

    Those that all of transformers' models have are left out: they name code, and places of it.

    Raises:
        InputError: There is no such type, or a network of that many layers.
    """
    from transformers import PretrainedConfig
    from transformers.models.auto import CONFIG_MAPPING

    if model_type not in known:
        said = short(repr(model_type))
        raise InputError(f"a checkpoint's {said} is none of {', '.join(sorted(known))}")
    kind = CONFIG_MAPPING[model_type]
    own = signature(kind.__init__).parameters.keys() - signature(PretrainedConfig).parameters.keys()
    kept = {name: settings[name] for name in own & settings.keys() if not name.startswith("_")}
    for name, value in kept.items():
        most = LAYERS if re.search("layers|depths", name) else LARGEST
        values = list(_flat(value))
        if len(values) > LAYERS or sum(one for one in values if isinstance(one, int)) > most:
            raise InputError(f"{name}={short(value)}: expected at most {most}")
    return kind(**kept)


def _flat(value: Any) -> Iterator[Any]:
    for one in value if isinstance(value, list) else [value]:
        yield from _flat(one) if isinstance(one, list) else [one]


def first_sentence(error: Exception) -> str:
    """What an exception of a library says, cut to be a part of ours."""
    return (str(error) or type(error).__name__).splitlines()[0].split(". ")[0].rstrip(".")


def _from_local_files(
    name: str, kind: Any, options: dict[str, Any]
) -> tuple[nn.Module, dict[str, Any]]:
    # Not from the top, which lists every model: a type checker would read them all.
    from transformers.models.auto import AutoImageProcessor, AutoModel

    processor = AutoImageProcessor.from_pretrained(name, local_files_only=True)
    net, loading = (kind or AutoModel).from_pretrained(
        name, local_files_only=True, dtype=torch.float32, output_loading_info=True, **options
    )
    # transformers makes up what the files lack. A pooler or a mask token plays no part here, and
    # the norms of a backbone's levels are its own.
    idle = re.compile("pooler|mask_token|hidden_states_norms")
    missing = [key for key in sorted(loading["missing_keys"]) if not idle.search(key)]
    if missing:
        raise ValueError(f"{len(missing)} parameters are not in the files, {missing[0]} first")
    mean, std = processor.image_mean, processor.image_std
    return net, describe_weights("pretrained", name, plain_config(net.config), mean, std)


def plain_config(config: Any) -> dict[str, Any]:
    """A configuration of transformers as a checkpoint records it."""
    plain = json.loads(json.dumps(config.to_dict()))
    # A path of this machine, and a thousand class names that nothing reads.
    for key in ("_name_or_path", "id2label", "label2id"):
        plain.pop(key, None)
    return plain


def inflate_stem(net: nn.Module, in_channels: int) -> None:
    """Lets `net` take `in_channels` instead of its own, in place.

    The first convolution's weights are repeated and scaled, so that k equal frames give what one
    gave (as I3D inflates in time, https://arxiv.org/abs/1705.07750, section 2.4).
    """
    stem = stem_of(net)
    own = stem.in_channels
    if in_channels == own:
        return
    copies = -(-in_channels // own)
    weight = stem.weight.detach().repeat(1, copies, 1, 1)[:, :in_channels] * (own / in_channels)
    stem.weight, stem.in_channels = nn.Parameter(weight), in_channels
    for module in net.modules():
        # Hugging Face's embeddings compare the input with a number of their own.
        if isinstance(getattr(module, "num_channels", None), int):
            module.num_channels = in_channels  # pyright: ignore[reportArgumentType], a plain attribute


def _checkpoint_blocks(net: nn.Module, name: str) -> None:
    """Turns gradient checkpointing on (https://arxiv.org/abs/1604.06174)."""
    try:
        for part in net.modules():
            if hasattr(part, "set_grad_checkpointing"):  # timm's
                return part.set_grad_checkpointing(True)  # pyright: ignore[reportCallIssue]
            if hasattr(part, "activation_checkpointing_enable"):  # transformers'
                return part.activation_checkpointing_enable({"use_reentrant": False})  # pyright: ignore[reportCallIssue]
    except (AssertionError, ValueError) as error:  # of networks that do not support it
        raise InputError(f"checkpointing=true: {name} does not support it") from error
    raise InputError(f"checkpointing=true: {name} does not support it")


def stem_of(net: nn.Module) -> nn.Conv2d:
    return next(module for module in net.modules() if isinstance(module, nn.Conv2d))
