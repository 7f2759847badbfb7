"""What every decoder owes."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import torch

from tracknet.geometry import Size
from tracknet.types import FeatureInfo


class Decoder(Protocol):
    """Features -> one map (B,out_channels,h,w); an `nn.Module`.

    Attributes:
        layout: Of the features that it takes, ``tokens`` or ``pyramid``; the class says it.
        out_channels: Channels of the map.
    """

    layout: Literal["tokens", "pyramid"]
    out_channels: int

    @classmethod
    def from_features(
        cls, features: Mapping[str, FeatureInfo], out_size: Size, heatmap_stride: int
    ) -> "Decoder":
        """The decoder for a backbone, as a configuration's ``_target_`` calls it.

        Args:
            features: By layout, what the backbone, or a neck behind it, gives.
            out_size: (h, w) of the map at the network's own size.
            heatmap_stride: Network pixels per pixel of the map.
        """
        ...

    def __call__(self, features: Any, out_size: Size | None = None) -> torch.Tensor:
        """Features -> the map; `out_size` takes the place of the one given at construction."""
        ...
