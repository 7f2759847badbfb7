"""Augmentation of whole windows: drawn per sample in the loader, applied on the device."""

from tracknet.data.augment.augmentation import Augmentation

__all__ = ["Augmentation"]
