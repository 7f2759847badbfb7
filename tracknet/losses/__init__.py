"""Losses on raw logits."""

from tracknet.losses.bce import BCELoss, WBCELoss
from tracknet.losses.focal import FocalLoss

__all__ = ["BCELoss", "FocalLoss", "WBCELoss"]
