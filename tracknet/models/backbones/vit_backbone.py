"""A vision transformer's patch tokens."""

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.models.backbones.base import (
    PretrainedBackbone,
    PretrainedConfig,
    inflate_stem,
    open_pretrained,
)
from tracknet.types import FeatureInfo
from tracknet.values import Channels, Stride

PLAIN = "backbone=vit takes plain vision transformers: DINOv3, DINOv2, ViT"


@dataclass
class ViTBackboneConfig(PretrainedConfig):
    """Which transformer, and what stands in for it.

    Attributes:
        fallback_dim: Channels of the stand-in.
        patch_size: Patch of the stand-in, pixels.
    """

    fallback_dim: Channels = 384
    patch_size: Stride = 16


class ViTBackbone(PretrainedBackbone):
    """(B,C,H,W) -> patch tokens (B,Hp,Wp,D); class and register tokens are dropped.

    A convolutional patch embedding is the stand-in.

    Raises:
        InputError: The network is no plain vision transformer.
    """

    def __init__(
        self, cfg: ViTBackboneConfig, in_channels: int = 3, restored: dict[str, Any] | None = None
    ) -> None:
        net, weights = open_pretrained(cfg, "Conv2d patch embedding", restored)
        super().__init__(weights)
        if net is None:
            dim, patch = cfg.fallback_dim, cfg.patch_size
            self.net = _PatchEmbedding(in_channels, dim, patch)
        else:
            inflate_stem(net, in_channels)
            self.net = _Transformer(net, in_channels)
            dim, patch = self.net.dim, self.net.patch
        self.features = FeatureInfo("tokens", (dim,), (patch,))
        self.learn_by(cfg.freeze, cfg.lora, cfg.checkpointing)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.check_size(x.shape[-2:])
        return self.net(x)


class _PatchEmbedding(nn.Module):
    """(B,C,H,W) -> (B,H/patch,W/patch,dim) by one convolution."""

    def __init__(self, in_channels: int, dim: int, patch: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(in_channels, dim, patch, patch)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.projection(x).permute(0, 2, 3, 1)


class _Transformer(nn.Module):
    """A Hugging Face vision transformer, its prefix tokens dropped."""

    def __init__(self, net: Any, in_channels: int) -> None:
        super().__init__()
        self.net = net
        # Networks with a learnt grid of positions interpolate it only when asked to.
        asked = {"interpolate_pos_encoding"} & inspect.signature(net.forward).parameters.keys()
        self.options = dict.fromkeys(asked, True)
        size = getattr(net.config, "patch_size", None)
        sides = {size} if isinstance(size, int) else set(size or ())
        if len(sides) != 1 or not hasattr(net.config, "hidden_size"):
            raise InputError(
                f"{net.config.model_type} is no vision transformer of one grid of square patches; "
                f"{PLAIN}"
            )
        (self.patch,) = sides
        self.prefix = 1 + (getattr(net.config, "num_register_tokens", 0) or 0)
        net.eval()
        with torch.no_grad():
            tokens = self._hidden(torch.zeros(1, in_channels, 2 * self.patch, 3 * self.patch))
        if tokens.ndim != 3 or tokens.shape[1] - 2 * 3 != self.prefix:
            raise InputError(
                f"{net.config.model_type} gives {tuple(tokens.shape)} for a grid of 2x3 patches; "
                f"expected {self.prefix} class and register tokens before 6 patch tokens. "
                f"{PLAIN}"
            )
        self.dim = tokens.shape[-1]
        net.train()

    def _hidden(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x, **self.options).last_hidden_state

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        grid = x.shape[-2] // self.patch, x.shape[-1] // self.patch
        return self._hidden(x)[:, self.prefix :].unflatten(1, grid)
