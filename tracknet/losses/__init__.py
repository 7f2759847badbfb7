"""Losses on raw logits: (logits, target, weight) -> scalar."""

from tracknet.losses.bce import BCELoss, WBCELoss
from tracknet.losses.focal import FocalLoss

__all__ = ["BCELoss", "FocalLoss", "WBCELoss"]
