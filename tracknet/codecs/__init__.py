"""Coordinates <-> heatmaps, encode and decode in one object."""

from tracknet.codecs.gaussian import GaussianCodec

__all__ = ["GaussianCodec"]
