"""Any network of timm that gives features."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch

from tracknet.errors import InputError
from tracknet.geometry import Size
from tracknet.models.backbones.base import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    REFUSED,
    PretrainedBackbone,
    absent,
    describe_weights,
    first_sentence,
    stem_of,
)
from tracknet.trust import short
from tracknet.types import FeatureInfo
from tracknet.values import Rank, Text

FILES = ("model.safetensors", "pytorch_model.bin")
SUCH_AS = "choose another one: backbone.name=resnet18 works with every decoder"


class TimmBackbone(PretrainedBackbone):
    """(B,C,H,W) -> a pyramid, finest first; or patch tokens, of networks of one scale.

    Levels, strides and channels are the network's own (https://github.com/huggingface/pytorch-image-
    models, `feature_info`); of several levels of one stride the last one counts, and of a plain
    transformer the last block behind its norm. Transformers stretch their positions over what they
    are shown; one that cannot takes pictures of `image_size` alone.

    Args:
        name: Of the network, with or without the tag of its weights.
        pretrained: Whether weights are looked for in the local Hugging Face cache; or their file,
            safetensors or PyTorch's. Nothing is fetched: without them they are random.
        strict: Random weights in place of absent ones are an error.
        freeze: See `PretrainedConfig`.
        lora: Likewise.
        checkpointing: Likewise.
        in_channels: Channels of the input, 3 for each picture.
        image_size: (H, W) of the network's input, pixels.
        restored: See `open_pretrained`.

    Raises:
        InputError: timm is not installed, has no such network, or it gives no features.
        FileNotFoundError: The weights are not on this machine, and `strict` or named as a file.
    """

    def __init__(
        self,
        name: Text,
        pretrained: bool | Text = True,
        strict: bool = False,
        freeze: bool = False,
        lora: Rank = 0,
        checkpointing: bool = False,
        in_channels: int = 3,
        image_size: Size = (288, 512),
        restored: dict[str, Any] | None = None,
    ) -> None:
        plan = _plan(name, in_channels, image_size)
        found: dict[str, Any] = {}
        if restored is None:
            found = _weights(name, pretrained, strict)
            kind = "pretrained" if found else "random"
            restored = describe_weights(kind, f"timm {name}", None, *_statistics(name))
        super().__init__(restored)
        try:
            self.net = _create(name, in_channels, **plan.options, **found)
        except Exception as error:  # a broken file lets its reader raise anything
            said = " ".join(str(error).split())
            raise InputError(
                f"the weights of {name} cannot be loaded ({said}); are they of this network, and "
                "complete?"
            ) from error
        if found:
            cast(dict[str, Any], self.net.pretrained_cfg).pop("state_dict", None)
        self.features, self.only = plan.features, plan.only
        self.learn_by(freeze, lora, checkpointing)

    def forward(self, x: torch.Tensor) -> Any:
        levels = self.net(x)
        return levels if self.features.layout == "pyramid" else levels[0].permute(0, 2, 3, 1)


@dataclass(frozen=True)
class _Plan:
    """How a network is made, and what it then gives.

    Attributes:
        options: Of timm's `create_model`.
        features: What comes out.
        only: See `Backbone`.
    """

    options: Mapping[str, Any]
    features: FeatureInfo
    only: Size | None


def _timm() -> Any:
    try:
        import timm
    except ImportError as error:
        raise InputError("backbone=timm needs timm: pip install tracknet[timm]") from error
    return timm


def _plan(name: str, in_channels: int, size: Size) -> _Plan:
    """Looks at the network, without memory for it."""
    timm, shown = _timm(), short(name)
    if not timm.is_model(name):
        near = difflib.get_close_matches(name.split(".")[0], timm.list_models(), 1)
        hint = f"did you mean {near[0]}?" if near else "timm.list_models() names those there are"
        raise InputError(f"timm {timm.__version__} has no network name={shown}; {hint}")
    try:
        with torch.device("meta"):
            return _looked_at(name, in_channels, (size[0], size[1]))
    except InputError:
        raise
    except Exception as error:  # timm asserts, and networks fail anyhow
        raise InputError(
            f"name={shown} gives no features in timm ({first_sentence(error)}); {SUCH_AS}"
        ) from error


def _looked_at(name: str, in_channels: int, size: Size) -> _Plan:
    options, net = _sized(name, in_channels, size)
    sized, info = dict(options), net.feature_info
    strides, at = info.reduction(), list(info.out_indices)
    last = {stride: i for i, stride in enumerate(strides)}
    if len(last) == 1:
        # The getter leaves blocks out that come after, and norms what it gets.
        from timm.models._features import FeatureGetterNet

        options |= {"out_indices": 1, "feature_cls": partial(FeatureGetterNet, norm=True)}
    elif len(last) < len(strides):
        options["out_indices"] = [at[i] for i in last.values()]
    if getattr(net, "output_fmt", "NCHW") == "NHWC":
        options["feature_cls"] = "getter"  # which gives channels first
    net = (net if options == sized else _create(name, in_channels, **options)).eval()
    strides, channels = tuple(net.feature_info.reduction()), tuple(net.feature_info.channels())
    if stem_of(net).in_channels != in_channels or list(strides) != sorted(strides):
        raise InputError(f"name={name}: no first convolution of the pictures, finest level first")
    features = FeatureInfo("tokens" if len(strides) == 1 else "pyramid", channels, strides)
    unit, failed = math.lcm(*strides), None
    other = next(each for each in ((2 * unit, 3 * unit), (3 * unit, 4 * unit)) if each != size)
    for shown, only in ((other, None), (size, size)):
        try:
            shapes = [tuple(level.shape[1:]) for level in net(torch.zeros(1, in_channels, *shown))]
        except Exception as error:
            failed = error
            continue
        levels = zip(channels, strides, strict=True)
        if shapes == [(c, shown[0] // s, shown[1] // s) for c, s in levels]:
            return _Plan(options, features, only)
    height, width = size
    raise InputError(
        f"name={name} takes no pictures of {height}x{width}, nor of any size; {SUCH_AS}"
    ) from failed


def _sized(name: str, in_channels: int, size: Size) -> tuple[dict[str, Any], Any]:
    """A network that takes any size, else this one, if it can be asked to."""
    for options in ({"dynamic_img_size": True}, {"img_size": size}):
        try:
            return dict(options), _create(name, in_channels, **options)
        except TypeError as error:
            if "unexpected keyword argument" not in str(error):
                raise
    return {}, _create(name, in_channels)


def _create(name: str, in_channels: int, **options: Any) -> Any:
    return _timm().create_model(name, features_only=True, in_chans=in_channels, **options)


def _statistics(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of R, G, B that the network was trained with."""
    cfg = _timm().models.get_pretrained_cfg(name)
    return (cfg.mean, cfg.std) if cfg else (IMAGENET_MEAN, IMAGENET_STD)


def _weights(name: str, pretrained: bool | str, strict: bool) -> dict[str, Any]:
    """What lets timm load weights that are on this machine; empty where there are none."""
    if pretrained is False:
        if strict:
            raise InputError(REFUSED)
        return {}
    timm = _timm()
    cfg = timm.models.get_pretrained_cfg(name)
    if isinstance(pretrained, str):
        file = Path(pretrained)
        if not file.is_file():
            raise FileNotFoundError(f"pretrained={file}: no such file")
    else:
        hub = cfg and cfg.hf_hub_id
        file = _cached(hub, cfg.hf_hub_filename) if hub else None
        if file is None:
            where = f"hf download {hub}" if hub else "the place that its authors name"
            problem = (
                f"the weights of {name} are not on this machine. Get them where there is a network "
                f"with `{where}`, name their file (backbone.pretrained=<file>), or do without "
                "(backbone.pretrained=false)"
            )
            absent(problem, strict, f"{name} WITH RANDOM WEIGHTS")
            return {}
    try:
        state = timm.models.load_state_dict(str(file), weights_only=True)
    except Exception as error:
        raise InputError(
            f"the weights of {name} cannot be read ({file}: {first_sentence(error)}); are they "
            "complete?"
        ) from error
    heads = (cfg and cfg.classifier) or ()
    for head in [heads] if isinstance(heads, str) else heads:
        state = {key: value for key, value in state.items() if not key.startswith(f"{head}.")}
    # Without classes timm is as strict as it can be: no weight is made up, and none is left over.
    return {
        "pretrained": True,
        "pretrained_cfg_overlay": {"state_dict": state, "num_classes": 0, "label_offset": 0},
    }


def _cached(hub: str, other: str | None) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(hub, name) for name in ([other] if other else FILES))
    return next((Path(file) for file in found if isinstance(file, str)), None)
