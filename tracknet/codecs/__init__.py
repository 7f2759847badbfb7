"""Coordinates <-> heatmaps, encode and decode in one object."""

from tracknet.codecs.gaussian import Codec, GaussianCodec

__all__ = ["Codec", "GaussianCodec"]
