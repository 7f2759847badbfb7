"""What validation windows show becomes a threshold, each frame from the first window with it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tracknet.geometry import Letterbox
from tracknet.training.validation import Validation
from tracknet.types import Labels, Track


class Clip(SimpleNamespace):
    """As much of a stored clip as is asked for; frames at network size already."""

    def __len__(self) -> int:
        return len(self.labels)

    def track(self, best):
        return Track(best[:, :2], best[:, 2], np.full(len(best), "detected"))


@pytest.fixture
def clips():
    xy = np.column_stack([np.arange(7) * 10.0, np.full(7, 5.0)]).astype(np.float32)
    visibility = np.ones(7, np.int8)
    labels = Labels(xy, visibility, (100, 100))
    return [Clip(labels=labels, fit=Letterbox((100, 100), (100, 100))) for _ in range(2)]


def found(clip, start, score=0.8, off=0.0):
    """What a window of three frames shows."""
    best = torch.zeros(1, 3, 3)
    rows = np.arange(start, start + 3).clip(max=6)
    best[0, :, :2] = torch.from_numpy(clip.labels.xy[rows]) + off
    best[0, :, 2] = score
    return best


def test_the_threshold_parts_right_from_wrong(clips):
    validation = Validation(clips)
    for start in (0, 3, 4):
        validation.add(torch.tensor([[0, start]]), found(clips[0], start))
        validation.add(torch.tensor([[1, start]]), found(clips[1], start, score=0.3, off=20))
    figures = validation.figures()
    assert 0.3 < figures["val/threshold"] <= 0.8
    assert figures["val/f1"] == pytest.approx(2 * 7 / (7 + 14))
    assert figures["val/highest_score"] == pytest.approx(0.8)
    assert (validation.threshold, validation.f1) == (figures["val/threshold"], figures["val/f1"])


def test_a_frame_is_of_the_first_window_that_holds_it(clips):
    validation = Validation(clips)
    # The last window overlaps the one before, and is wrong where it does.
    late = found(clips[0], 4)
    late[0, :2, :2] += 50
    for start, best in ((4, late), (3, found(clips[0], 3)), (0, found(clips[0], 0))):
        validation.add(torch.tensor([[0, start]]), best)
    assert validation.figures()["val/f1"] == 1


def test_only_what_was_looked_at_counts(clips):
    validation = Validation(clips)
    validation.add(torch.tensor([[1, 3]]), found(clips[1], 3))
    assert validation.figures()["val/f1"] == 1
    validation.start()
    validation.add(torch.tensor([[1, 0]]), found(clips[1], 0, off=20))
    assert validation.figures()["val/f1"] == 0
