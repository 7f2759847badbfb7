"""Augmentation of whole windows: drawn per sample in the loader, applied on the device."""

from tracknet.data.augment.augmentation import Augmentation as Augmentation, Drawn as Drawn
from tracknet.data.augment.backdrop import Backdrop as Backdrop
from tracknet.data.augment.mixup import Mixup as Mixup
from tracknet.data.augment.occlude import Occlude as Occlude
from tracknet.data.augment.pixels import Blur as Blur, Colour as Colour, Noise as Noise
from tracknet.data.augment.reverse import Reverse as Reverse
from tracknet.data.augment.warp import Warp as Warp
