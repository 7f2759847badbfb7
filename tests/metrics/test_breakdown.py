"""Outcomes by clip, visibility class and speed, by hand."""

import math

import numpy as np
import pytest

from tracknet.metrics import breakdown, score, speeds
from tracknet.metrics.breakdown import gaps
from tracknet.types import Labels, Track

KINDS = ("tp", "fp1", "fp2", "fn", "tn")


def labels_of(*rows):
    """Rows (visibility, x); y is 10."""
    xy = [(x, 10) if visibility > 0 else (math.nan, math.nan) for visibility, x in rows]
    visibility = np.array([row[0] for row in rows], np.int8)
    return Labels(np.array(xy, np.float32).reshape(-1, 2), visibility, (720, 1280))


def track_of(*xs):
    """Predictions at (x, 10), or none where x is None."""
    xy = [(math.nan, math.nan) if x is None else (x, 10) for x in xs]
    source = np.array(["" if x is None else "detected" for x in xs], "<U12")
    return Track(np.array(xy, float).reshape(-1, 2), np.ones(len(xs)), source)


def counts(figures):
    return [figures[kind] for kind in KINDS]


def test_speed_is_the_mean_way_to_the_visible_neighbours():
    labels = labels_of((1, 0), (1, 4), (1, 10), (0, 0), (2, 7), (-1, 0), (1, 9), (1, 9))
    np.testing.assert_array_equal(speeds(labels), [4, 5, 6, np.nan, np.nan, np.nan, 0, 0])
    assert speeds(labels_of()).shape == (0,)
    assert np.isnan(speeds(labels_of((1, 3)))).all()


def test_a_speed_belongs_to_the_bin_that_it_begins():
    for way, name in ((4.5, "0 to 5 px"), (5, "5 to 10 px"), (39, "20 to 40 px")):
        labels = labels_of((1, 100), (1, 100 + way))
        bins = breakdown(["a"], [labels], [track_of(None, None)])["speed"]
        assert [counts(figures)[3] for figures in bins.values() if any(counts(figures))] == [2]
        assert bins[name]["fn"] == 2
    labels = labels_of((1, 100), (1, 140), (0, 0), (1, 5))
    bins = breakdown(["a"], [labels], [track_of(100, None, None, 50)])["speed"]
    assert counts(bins["40 px and more"]) == [1, 0, 0, 1, 0]
    assert counts(bins["unknown"]) == [0, 1, 0, 0, 0]
    assert list(bins) == [
        *("0 to 5 px", "5 to 10 px", "10 to 20 px", "20 to 40 px", "40 px and more", "unknown")
    ]


def test_by_visibility_and_clip():
    first = labels_of((1, 10), (2, 10), (2, 10), (0, 0), (0, 0), (-1, 0)), (10, 20, 11, 5, None, 5)
    second = labels_of((1, 10), (1, 10)), (13, None)
    labels, xs = zip(first, second, strict=True)
    tracks = [track_of(*x) for x in xs]
    parts = breakdown(["a", "b"], labels, tracks)
    assert parts["protocol"] == "strict"
    assert {k: counts(v) for k, v in parts["visibility"].items()} == {
        "0": [0, 0, 1, 0, 1],
        "1": [2, 0, 0, 1, 0],
        "2": [1, 1, 0, 0, 0],
    }
    accuracy = [figures["accuracy"] for figures in parts["visibility"].values()]
    assert accuracy == pytest.approx([1 / 2, 2 / 3, 1 / 2])
    medians = [figures["median_px"] for figures in parts["visibility"].values()]
    assert medians == [None, 1.5, 5.5]
    for name, clip, track in zip("ab", labels, tracks, strict=True):
        whole = score([clip], [track])["strict"]
        del whole["f1_interval"]
        assert parts["clip"][name].items() >= whole.items()
    assert parts["clip"]["a"]["median_px"] == 1


def test_every_scored_frame_is_in_one_class_and_every_ball_in_one_bin():
    rng = np.random.default_rng(0)
    rows = [rng.integers((-1, 0), (4, 99), (n, 2)).tolist() for n in (0, 9, 40)]
    labels = [labels_of(*clip) for clip in rows]
    tracks = [track_of(*rng.choice([None, 5.0, 50.0], len(clip))) for clip in labels]
    parts = breakdown("abc", labels, tracks)
    total = np.array(counts(score(labels, tracks)["strict"]))
    for part in ("clip", "visibility"):
        assert (sum(np.array(counts(f)) for f in parts[part].values()) == total).all()
    assert (counts(parts["all"]) == total).all()
    lost = [sum(own[kind] for own in parts["gap"].values()) for kind in ("fp1", "fn")]
    assert lost == [total[1], total[3]]
    balls = sum(np.array(counts(f)) for f in parts["speed"].values())
    assert balls.tolist() == [total[0], total[1], 0, total[3], 0]


def test_a_gap_is_a_run_of_missed_balls():
    """One that is found, a frame without a ball and an unlabelled one end it."""
    rows = [(1, 10)] * 5 + [(0, 0)] + [(1, 10)] * 3 + [(-1, 0)] + [(1, 10)] * 10
    xs = [10, None, 90, None, 10, None, None, None, None, None, *[None] * 10]
    labels, track = labels_of(*rows), track_of(*xs)
    lengths = [0, 3, 3, 3, 0, 0, 3, 3, 3, 0, *[10] * 10]
    assert gaps(labels, track).tolist() == lengths
    bins = breakdown(["a"], [labels], [track])["gap"]
    assert {name: (own["fp1"], own["fn"]) for name, own in bins.items()} == {
        "1 or 2 frames": (0, 0),
        "3 to 9 frames": (1, 5),
        "10 frames and more": (0, 10),
    }
    assert gaps(labels_of(), track_of()).tolist() == []


def test_a_gap_does_not_reach_into_the_next_clip():
    labels, track = labels_of((1, 10), (1, 10)), track_of(None, None)
    bins = breakdown(["a", "b"], [labels] * 2, [track] * 2)["gap"]
    assert [own["fn"] for own in bins.values()] == [4, 0, 0]


def test_no_clips():
    parts = breakdown([], [], [])
    assert parts["clip"] == parts["visibility"] == {}
    assert parts["all"]["accuracy"] == 0
    assert {sum(counts(figures)) for figures in parts["speed"].values()} == {0}
