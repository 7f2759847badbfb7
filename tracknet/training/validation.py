"""What a validation finds: candidates of every window, then a threshold and its F1."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch

from tracknet.data.store import StoredClip
from tracknet.metrics import best_threshold, counts_at
from tracknet.types import Labels, Track
from tracknet.windows import unseen

Found = dict[tuple[int, int], np.ndarray]
"""Clip and first frame of a window -> (T,3): each frame's best candidate, network pixels."""


@dataclass
class Validation:
    """Collects what is found in validation windows, whatever network found it.

    Attributes:
        clips: Where the windows come from.
        threshold: Score with the highest strict F1 at the last validation.
        f1: That F1.
        found: What the windows of this validation showed, those of this device.
    """

    FIGURES: ClassVar = (
        "val/f1",
        "val/precision",
        "val/recall",
        "val/threshold",
        "val/highest_score",
    )

    clips: Sequence[StoredClip]
    threshold: float = 0.5
    f1: float = 0.0
    found: Found = field(default_factory=dict)

    def start(self) -> None:
        """Forgets the validation before."""
        self.found = {}

    def add(self, window: torch.Tensor, best: torch.Tensor) -> None:
        """Takes each frame's best candidate (B,T,3), network pixels, of windows (B,2)."""
        keys = map(tuple, window.tolist())
        self.found.update(zip(keys, best.float().cpu().numpy(), strict=True))

    def figures(self, devices: int = 1) -> dict[str, float]:
        """Chooses the threshold; what is said of this validation, by the names of `FIGURES`."""
        labels, tracks = self._seen(_of_all_devices(self.found, devices))
        self.threshold, self.f1 = best_threshold(labels, tracks)
        counts = counts_at(labels, tracks, self.threshold)
        precision, recall = float(counts.precision), float(counts.recall)
        highest = max(float(track.score.max(initial=0)) for track in tracks)
        said = self.f1, precision, recall, self.threshold, highest
        return dict(zip(self.FIGURES, said, strict=True))

    def _seen(self, found: Found) -> tuple[list[Labels], list[Track]]:
        """Labels and best candidates, per clip, of the frames that were validated."""
        rows = [np.full((len(clip), 3), np.nan) for clip in self.clips]
        done = [0] * len(rows)
        for (number, start), window in sorted(found.items()):
            length = min(len(window), len(rows[number]) - start)
            part = unseen(done[number], start, length)
            rows[number][start:][part] = window[part]
            done[number] = start + length
        labels, tracks = [], []
        for clip, row in zip(self.clips, rows, strict=True):
            seen = ~np.isnan(row[:, 2])
            labels.append(Labels(clip.labels.xy[seen], clip.labels.visibility[seen]))
            tracks.append(clip.track(row[seen]))
        return labels, tracks


def _of_all_devices(found: Found, devices: int) -> Found:
    if devices == 1:
        return found
    shares: list[Found] = [{}] * devices
    torch.distributed.all_gather_object(shares, found)
    return {window: best for share in shares for window, best in share.items()}
