"""Augmentation of whole windows: drawn per sample in the loader, applied on the device."""

from tracknet.data.augment.augmentation import Augmentation, Drawn
from tracknet.data.augment.mixup import Mixup
from tracknet.data.augment.occlude import Occlude
from tracknet.data.augment.pixels import Blur, Colour, Noise
from tracknet.data.augment.reverse import Reverse
from tracknet.data.augment.warp import Warp

__all__ = [
    "Augmentation",
    "Blur",
    "Colour",
    "Drawn",
    "Mixup",
    "Noise",
    "Occlude",
    "Reverse",
    "Warp",
]
