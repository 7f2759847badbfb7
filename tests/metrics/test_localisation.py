"""PCK and errors by hand."""

import numpy as np
import pytest

from tracknet.metrics import errors, localisation
from tracknet.types import Labels, Track


def clip_of(visibility, errors):
    """Labels at (50, 50) and predictions that many pixels to the right; NaN is no prediction."""
    visibility, errors = np.array(visibility, np.int8), np.array(errors, float)
    xy = np.where(visibility[:, None] > 0, 50, np.nan).astype(np.float32)
    guess = np.where(np.isnan(errors)[:, None], np.nan, np.stack([50 + errors, 50 + 0 * errors], 1))
    xy = np.broadcast_to(xy, (len(visibility), 2))
    source = np.where(np.isnan(errors), "", "detected")
    return Labels(xy, visibility), Track(guess, np.ones(len(errors)), source)


def test_by_hand():
    """Five visible balls, one of them missed; neither false nor unlabelled predictions count."""
    first = clip_of([1, 2, 3, 0, -1], [1, 4, 4.01, 3, 3])
    second = clip_of([1, 1, 0], [30, np.nan, np.nan])
    labels, tracks = zip(first, second, strict=True)
    figures = localisation(labels, tracks)
    assert errors(labels, tracks) == pytest.approx([1, 4, 4.01, 30])
    assert (figures["visible"], figures["predicted"]) == (5, 4)
    assert figures["median_px"] == pytest.approx(4.005)
    assert figures["p90_px"] == pytest.approx(4.01 + 0.7 * (30 - 4.01))
    shares = {"1": 1 / 5, "3": 1 / 5, "4": 2 / 5, "5": 3 / 5, "20": 3 / 5}
    assert {radius: figures["pck"][radius] for radius in shares} == shares
    assert list(figures["pck"]) == [str(radius) for radius in range(1, 21)]


@pytest.mark.parametrize("clips", [[], [clip_of([], [])], [clip_of([0, -1], [1, 1])]])
def test_without_a_visible_ball(clips):
    figures = localisation([labels for labels, _ in clips], [track for _, track in clips])
    assert (figures["visible"], figures["predicted"]) == (0, 0)
    assert figures["median_px"] is figures["p90_px"] is None
    assert set(figures["pck"].values()) == {0}
