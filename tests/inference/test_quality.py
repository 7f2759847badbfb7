"""One word for overlap and tracking, the same for commands and in Python."""

import pytest

import tracknet
from tracknet.build import build
from tracknet.errors import InputError
from tracknet.inference.quality import QUALITIES, TRACKINGS, make_tracker
from tracknet.inference.tracking import OfflineTracker, OnlineTracker
from tracknet.pipelines.common import load_predictor
from tracknet.pipelines.settings import read_settings


@pytest.mark.parametrize("name", TRACKINGS)
def test_a_tracker_is_what_the_group_makes_of_its_name(resolved, name):
    assert make_tracker(name) == build(resolved("evaluate", [f"tracking={name}"]), "tracking")


def what(predictor) -> tuple[str, str]:
    return predictor.overlap, predictor.tracker.name if predictor.tracker else "none"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ("mean", "offline")),
        ({"quality": "best"}, ("mean", "offline")),
        ({"quality": "fast"}, ("none", "online")),
        ({"quality": "fast", "tracking": "none"}, ("none", "none")),
        ({"quality": "fast", "overlap": "pool"}, ("pool", "online")),
        ({"overlap": "none"}, ("none", "offline")),
        ({"tracking": "smooth"}, ("mean", "smooth")),
    ],
    ids=str,
)
def test_commands_and_python_mean_the_same(compose, tiny_run, tmp_path, said, expected):
    assert what(tracknet.load(tiny_run, **said)) == expected
    overrides = [f"ckpt={tiny_run}", *(f"{k}={v}" for k, v in said.items())]
    for command, own in (("predict", ["source=a.mp4"]), ("evaluate", [])):
        cfg = compose(command, [*overrides, *own, f"paths.output={tmp_path}"])
        assert what(load_predictor(read_settings(cfg, command))) == expected


def test_the_threshold_is_that_of_the_overlap(tiny_run):
    for quality, (overlap, _) in QUALITIES.items():
        chosen = tracknet.load(tiny_run, quality=quality)
        assert chosen.threshold == tracknet.load(tiny_run, overlap=overlap).threshold


def test_a_stream_is_followed_fast_unless_something_else_is_said(tiny_run):
    untold = tracknet.load(tiny_run)
    assert what(untold.live) == ("none", "online")
    assert untold.live.network is untold.network
    assert what(tracknet.load(tiny_run, overlap="mean").live) == ("mean", "online")
    assert isinstance(tracknet.load(tiny_run, tracking="offline").live.tracker, OfflineTracker)
    assert tracknet.load(tiny_run, quality="best").live is None


def test_a_tracker_of_ones_own_settings(tiny_run):
    own = OnlineTracker(patience=7)
    assert tracknet.load(tiny_run, tracking=own).tracker is own


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"quality": "good"}, "quality='good'; expected best or fast"),
        ({"tracking": "on"}, "tracking='on'; expected none, online, offline, smooth"),
        ({"overlap": "max"}, "overlap='max'; expected none, mean"),
    ],
    ids=str,
)
def test_other_words_are_refused(tiny_run, said, expected):
    with pytest.raises(InputError, match=expected):
        tracknet.load(tiny_run, **said)
