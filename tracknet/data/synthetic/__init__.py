"""The embedded default dataset: rendered clips of a ball in play."""

from tracknet.data.synthetic.dataset import Synthetic

__all__ = ["Synthetic"]
