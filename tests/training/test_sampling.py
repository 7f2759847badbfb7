"""How often windows are drawn: alike, by clip, by dataset, more where a network was wrong."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tracknet.data.predictions import PredictionError, write_predictions
from tracknet.data.store import StoredClip
from tracknet.data.window_dataset import WindowDataset
from tracknet.errors import InputError
from tracknet.geometry import Letterbox
from tracknet.training.sampling import Sampling
from tracknet.types import Clip, Labels, Track

LENGTHS = {"indoor/a": 5, "indoor/b": 9, "beach/a": 3}  # windows of 3 frames: 3, 7, 1


@pytest.fixture
def windows():
    clips = []
    for name, length in LENGTHS.items():
        labels = Labels(np.full((length, 2), 20, np.float32), np.ones(length, np.int8), (64, 64))
        clip = Clip(name, "match", Path("clip.mp4"), labels)
        clips.append(StoredClip(clip, Path(), Letterbox((64, 64), (64, 64)), Fraction(25), labels))
    return WindowDataset(clips, 3)


def per_clip(windows, probabilities):
    clips = [windows.clips[i].clip.name for i, _ in windows.windows]
    return {
        name: sum(p for p, clip in zip(probabilities, clips, strict=True) if clip == name)
        for name in LENGTHS
    }


def test_every_window_once_unless_something_is_asked_for(windows):
    assert Sampling().probabilities(windows) is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"balance": "clip"}, [1 / 3, 1 / 3, 1 / 3]),
        ({"balance": "dataset"}, [3 / 20, 7 / 20, 1 / 2]),
        ({"weights": {"beach": 4}}, [3 / 14, 7 / 14, 4 / 14]),
        ({"balance": "dataset", "weights": {"beach": 3}}, [3 / 40, 7 / 40, 3 / 4]),
        ({"balance": "clip", "weights": {"indoor": 2, "indoor/b": 0}}, [2 / 3, 0, 1 / 3]),
        ({"balance": "dataset", "weights": {"indoor/b": 0}}, [1 / 2, 0, 1 / 2]),
    ],
    ids=str,
)
def test_shares_of_the_clips(windows, settings, expected):
    probabilities = Sampling(**settings).probabilities(windows)
    assert probabilities.sum() == pytest.approx(1)
    assert list(per_clip(windows, probabilities).values()) == pytest.approx(expected)


@pytest.fixture
def predictions(tmp_path):
    """Right everywhere but in frame 4 of indoor/b, where there is none, and 0 of beach/a."""
    tracks = {}
    for name, length in LENGTHS.items():
        xy, source = np.full((length, 2), 20.0), np.full(length, "detected", "<U12")
        if name == "indoor/b":
            source[4] = ""
        if name == "beach/a":
            xy[0] = 40
        tracks[name] = Track(xy, np.ones(length), source)
    write_predictions(tmp_path / "predictions.csv", tracks)
    return str(tmp_path / "predictions.csv")


def test_hard_windows_are_drawn_more_often(windows, predictions):
    found = Sampling(hard=predictions, hard_weight=5).probabilities(windows) * (3 + 4 + 4 * 5)
    hard = {(1, 2), (1, 3), (1, 4), (2, 0)}
    assert found == pytest.approx([5 if window in hard else 1 for window in windows.windows])
    balanced = Sampling("clip", hard=predictions, hard_weight=5).probabilities(windows)
    assert list(per_clip(windows, balanced).values()) == pytest.approx([1 / 3] * 3)


def test_what_cannot_be_meant_is_refused(windows, predictions, tmp_path):
    for settings, message in (
        ({"weights": {"tennis": 1}}, "no training clip begins with 'tennis'.* indoor/a"),
        ({"weights": {"": 0}}, "leave no window"),
    ):
        with pytest.raises(InputError, match=message):
            Sampling(**settings).probabilities(windows)
    other = tmp_path / "other.csv"
    other.write_text(Path(predictions).read_text().replace("beach", "lawn"))
    with pytest.raises(PredictionError, match="choose the split"):
        Sampling(hard=str(other)).probabilities(windows)
