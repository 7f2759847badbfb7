"""How often each training window is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np

from tracknet.data.predictions import read_predictions
from tracknet.data.window_dataset import WindowDataset
from tracknet.errors import InputError
from tracknet.metrics import PROTOCOLS
from tracknet.metrics.counts import Outcome
from tracknet.values import NonNegative, Text, Weight

WRONG = (Outcome.FP1, Outcome.FP2, Outcome.FN)


@dataclass(frozen=True)
class Sampling:
    """Weights of windows: alike, balanced over clips or datasets, more for what was hard.

    Attributes:
        balance: What is drawn equally often: every ``window``, every ``clip``, or every
            ``dataset`` of `Mixed`.
        weights: Beginning of a clip's name -> how many times as often its windows are drawn; of
            several that fit they multiply.
        hard: A `predictions.csv` that `evaluate` wrote for split ``train``: windows with a frame
            that it has wrong (strict protocol) are drawn more often.
        hard_weight: How many times as often.
    """

    balance: Literal["window", "clip", "dataset"] = "window"
    weights: Mapping[str, NonNegative] | None = None
    hard: Text | None = None
    hard_weight: Weight = 3.0

    def probabilities(self, windows: WindowDataset) -> np.ndarray | None:
        """(W,) how likely each draw is each window; None: every window once an epoch.

        Raises:
            InputError: A weight fits no clip, or leaves nothing to draw.
            PredictionError: The file of `hard` does not belong to these clips.
        """
        if self.balance == "window" and not self.weights and not self.hard:
            return None
        names = [clip.clip.name for clip in windows.clips]
        clips = np.array([number for number, _ in windows.windows])
        for start in self.weights or {}:
            if not any(name.startswith(start) for name in names):
                raise InputError(
                    f"sampling.weights: no training clip begins with {start!r}; they are called "
                    f"like {names[0]}"
                )
        weight = self._factors(names)[clips]
        if self.hard:
            weight = weight * np.where(_hard(windows, Path(self.hard)), self.hard_weight, 1.0)
        if self.balance != "window":
            groups = [name if self.balance == "clip" else name.split("/")[0] for name in names]
            number = np.unique(groups, return_inverse=True)[1][clips]
            own = self._factors(groups)[clips]
            # Within a group hard windows count more; between groups only what was asked for.
            share = np.bincount(number, weight)[number]
            weight = np.divide(weight, share, out=np.zeros_like(weight), where=share > 0) * own
        if not weight.sum() > 0:
            raise InputError(f"sampling.weights={self.weights} leave no window to draw")
        return weight / weight.sum()

    def _factors(self, names: Sequence[str]) -> np.ndarray:
        """How many times as often each of these is drawn, as `weights` says."""
        given = (self.weights or {}).items()
        factors = [prod(w for start, w in given if name.startswith(start)) for name in names]
        return np.array(factors, float)


def _hard(windows: WindowDataset, file: Path) -> np.ndarray:
    """(W,) whether a window holds a frame that was wrong."""
    lengths = {clip.clip.name: len(clip) for clip in windows.clips}
    tracks, *_ = read_predictions(file, lengths)
    wrong = [
        np.isin(PROTOCOLS["strict"].outcomes(clip.labels, tracks[clip.clip.name]), WRONG)
        for clip in windows.clips
    ]
    hard = [wrong[i][start : start + windows.frames].any() for i, start in windows.windows]
    return np.array(hard)
