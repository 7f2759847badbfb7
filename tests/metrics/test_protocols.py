"""Each protocol by hand-worked cases and against a slow literal reading of METRICS.md."""

import math
from fractions import Fraction

import numpy as np
import pytest

from tracknet.metrics import PROTOCOLS, Outcome, distances, score
from tracknet.types import Labels, Track

UNSCORED, TP, FP1, FP2, FN, TN = Outcome
NOWHERE = (math.nan, math.nan)
FULL_HD = (1080, 1920)


def labels_of(*rows, size=(720, 1280)):
    """Rows (visibility, x, y)."""
    return Labels(
        np.array([row[1:] for row in rows], np.float32).reshape(-1, 2),
        np.array([row[0] for row in rows], np.int8),
        size,
    )


def track_of(*rows):
    """Rows (score, x, y) of a ball or (score,) of none."""
    return Track(
        np.array([row[1:] or NOWHERE for row in rows], np.float64).reshape(-1, 2),
        np.array([row[0] for row in rows], np.float64),
        np.array(["detected" if len(row) > 1 else "" for row in rows], "<U12"),
    )


def random_clip(rng):
    """Up to 12 frames of a random size; many distances and scores are equal, many at a limit."""
    n = int(rng.integers(0, 12))
    size = SIZES[rng.integers(len(SIZES))]
    visibility = rng.integers(-1, 4, n).astype(np.int8)
    xy = (rng.integers(0, 200, (n, 2)) / 10).astype(np.float32)
    xy[rng.random(n) < 0.2] = 0
    pixel = (1, size[1] / 512, size[1] / 1280)[rng.integers(3)]
    guess = xy.astype(str).astype(float) + pixel * rng.integers(-5, 6, (n, 2))
    guess[rng.random(n) < 0.2] = 60.5
    visible = rng.random(n) < 0.7
    xy[visibility <= 0] = np.nan
    guess[~visible] = np.nan
    scores = rng.integers(0, 8, n) / 8
    return Labels(xy, visibility, size), Track(guess, scores, np.where(visible, "detected", ""))


SIZES = ((720, 1280), (1080, 1920), (288, 512), (352, 640), (1080, 1440))


def reference_frame(protocol, labels, track, i):
    """What METRICS.md says of one frame: the kind, and the distance in original pixels."""
    (height, width), v = labels.size, labels.visibility[i]
    (x, y), (px, py) = (float(str(c)) for c in labels.xy[i]), track.xy[i].tolist()
    predicted = track.source[i] != ""
    if v == -1:
        return None, None
    ball = v > 0
    if protocol == "wasb":
        ball = v in (1, 2)
    if protocol == "tracknetv3" and x == 0 and y == 0:
        ball = False
    if not ball:
        return ("fp2" if predicted else "tn"), None
    if not predicted:
        return "fn", None
    distance = math.sqrt((px - x) ** 2 + (py - y) ** 2)
    if protocol in ("strict", "wasb"):
        close = distance < 4
    elif protocol == "tracknetv1":
        dx = px * 1280 / width - x * 1280 / width
        dy = py * 720 / height - y * 720 / height
        close = math.sqrt(dx**2 + dy**2) < 5
    else:
        dx = int(px * 512 / width) - int(x * 512 / width)
        dy = int(py * 288 / height) - int(y * 288 / height)
        close = dx**2 + dy**2 <= 4**2
    return ("tp" if close else "fp1"), distance


def reference(protocol, clips):
    """The figures of METRICS.md, word by word, in plain Python."""
    n = dict.fromkeys(("tp", "fp1", "fp2", "fn", "tn"), 0)
    ranking, squares = [], []
    for labels, track in clips:
        for i in range(len(labels)):
            kind, distance = reference_frame(protocol, labels, track, i)
            if kind is None:
                continue
            n[kind] += 1
            if distance is not None:
                squares.append(distance**2)
            if track.source[i] != "":
                ranking.append((-track.score[i], len(ranking), kind == "tp"))

    def over(a, b):
        return Fraction(a) / b if b else Fraction(0)

    tp, fp1, fp2, fn, tn = n.values()
    p = over(tp, tp + fp1 + fp2)
    visible = {
        "strict": tp + fp1 + fn,
        "tracknetv1": tp + fp1 + fn,
        "tracknetv2": tp + fn,
        "tracknetv3": tp + fn,
        "wasb": tp + fn,
    }[protocol]
    r = over(tp, visible)
    figures = {
        "precision": p,
        "recall": r,
        "f1": over(2 * p * r, p + r),
        "accuracy": over(tp + tn, tp + fp1 + fp2 + fn + tn),
    }
    if protocol == "wasb":
        highest, hits = {}, 0
        for rank, (*_, hit) in enumerate(sorted(ranking), start=1):
            hits += hit
            recall = hits / max(1, visible)
            highest[recall] = max(highest.get(recall, 0), hits / rank)
        ap = previous = 0
        for recall, precision in highest.items():
            ap += (recall - previous) * precision
            previous = recall
        figures |= {"ap": ap, "rmse": math.sqrt(sum(squares) / max(1, len(squares)))}
    return n | {name: float(value) for name, value in figures.items()}


@pytest.fixture(scope="module")
def random_clips():
    rng = np.random.default_rng(7)
    return [random_clip(rng) for _ in range(1000)]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_agrees_with_the_definition_word_by_word(name, random_clips):
    kinds = {None: UNSCORED, "tp": TP, "fp1": FP1, "fp2": FP2, "fn": FN, "tn": TN}
    for clip in random_clips:
        frames = (reference_frame(name, *clip, i)[0] for i in range(len(clip[0])))
        assert PROTOCOLS[name].outcomes(*clip).tolist() == [kinds[frame] for frame in frames]
    for chosen in (random_clips[i : i + 20] for i in range(0, 1000, 20)):
        figures = PROTOCOLS[name].score(*zip(*chosen, strict=True))
        figures.pop("f1_interval", None)
        expected = reference(name, chosen)
        for summed in ("ap", "rmse"):
            if summed in expected:
                assert figures.pop(summed) == pytest.approx(expected.pop(summed), abs=1e-12)
        assert figures == expected


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_random_clips_meet_the_limits(name, random_clips):
    """The comparison above would say little if no distance were at the limit."""
    kinds = {"strict": (4, None), "wasb": (4, None), "tracknetv1": (5, (720, 1280))}
    limit, grid = kinds.get(name, (4, (288, 512)))
    truncate = name in ("tracknetv2", "tracknetv3")
    apart = [distances(*clip, grid, truncate) for clip in random_clips]
    assert (np.concatenate(apart) == limit).sum() > 20


@pytest.mark.parametrize("name", ["strict", "wasb"])
@pytest.mark.parametrize(
    ("label", "guess", "outcome"),
    [
        ((1, 10, 10), (0.9, 13.99, 10), TP),
        ((1, 10, 10), (0.9, 14, 10), FP1),
        ((1, 10.1, 10), (0.9, 14.1, 10), FP1),
        ((1, 10, 10), (0.9, 12.5, 13.25), FP1),
        ((1, 10, 10), (0.9, 12.5, 13), TP),
        ((1, 10, 10), (0.9,), FN),
        ((0, *NOWHERE), (0.9, 1, 1), FP2),
        ((0, *NOWHERE), (0.9,), TN),
        ((2, 10, 10), (0.9, 10, 10), TP),
        ((-1, *NOWHERE), (0.9, 1, 1), UNSCORED),
        ((-1, *NOWHERE), (0.9,), UNSCORED),
    ],
)
def test_outcome_of_one_frame(name, label, guess, outcome):
    codes = PROTOCOLS[name].outcomes(labels_of(label), track_of(guess))
    assert codes.dtype == np.int8
    assert codes.tolist() == [outcome]


@pytest.mark.parametrize(
    ("size", "label", "guess", "outcome"),
    [
        ((720, 1280), (10, 10), (14.99, 10), TP),
        ((720, 1280), (10, 10), (15, 10), FP1),
        ((720, 1280), (10, 10), (13, 14), FP1),
        (FULL_HD, (30, 30), (37.49, 30), TP),
        (FULL_HD, (30, 30), (37.5, 30), FP1),
        (FULL_HD, (30, 30), (30, 37.5), FP1),
        ((720, 640), (10, 10), (12.49, 10), TP),  # x alone is doubled
        ((720, 640), (10, 10), (12.5, 10), FP1),
        ((720, 640), (10, 10), (10, 14.99), TP),
    ],
)
def test_tracknetv1_is_under_5_px_at_1280x720(size, label, guess, outcome):
    codes = PROTOCOLS["tracknetv1"].outcomes(
        labels_of((1, *label), size=size), track_of((1, *guess))
    )
    assert codes.tolist() == [outcome]


@pytest.mark.parametrize("name", ["tracknetv2", "tracknetv3"])
@pytest.mark.parametrize(
    ("size", "label", "guess", "outcome"),
    [
        ((288, 512), (10, 10), (14, 10), TP),  # 4 is within
        ((288, 512), (10, 10), (14.99, 10), TP),  # 4.99 is 4
        ((288, 512), (10, 10), (15, 10), FP1),
        ((288, 512), (10.99, 10), (15, 10), FP1),  # 4.01 is 15 - 10
        ((288, 512), (10.99, 10), (14.99, 10), TP),
        ((288, 512), (10, 10), (12, 13), TP),
        ((288, 512), (10, 10), (13, 13), FP1),  # 4.24
        ((288, 512), (4.5, 10), (-0.9, 10), TP),  # cut off, not rounded down to -1
        ((720, 1280), (25, 25), (37.49, 25), TP),  # 14.996 is 14
        ((720, 1280), (25, 25), (37.5, 25), FP1),  # 15
        (FULL_HD, (37.5, 37.5), (37.5, 56.24), TP),
        (FULL_HD, (37.5, 37.5), (37.5, 56.25), FP1),
        ((288, 256), (5, 10), (7, 10), TP),  # x alone is doubled
        ((288, 256), (5, 10), (7.5, 10), FP1),
        ((288, 256), (5, 10), (5, 14.5), TP),
    ],
)
def test_tracknetv2_and_v3_are_within_4_whole_pixels_at_512x288(name, size, label, guess, outcome):
    codes = PROTOCOLS[name].outcomes(labels_of((1, *label), size=size), track_of((1, *guess)))
    assert codes.tolist() == [outcome]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_visibility_3_is_no_ball_for_wasb_alone(name):
    labels = labels_of(*[(3, 5, 5)] * 3)
    codes = PROTOCOLS[name].outcomes(labels, track_of((1, 5, 5), (1, 50, 5), (1,)))
    assert codes.tolist() == ([FP2, FP2, TN] if name == "wasb" else [TP, FP1, FN])


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_label_at_the_origin_is_no_ball_for_tracknetv3_alone(name):
    labels = labels_of((1, 0, 0), (2, 0, 0), (1, 0, 0), (1, 0, 2), (1, 2, 0), (1, 0.1, 0))
    track = track_of((1, 0, 0), (1, 90, 90), (1,), (1, 0, 2), (1, 2, 0), (1, 0, 0))
    codes = PROTOCOLS[name].outcomes(labels, track)
    origin = [FP2, FP2, TN] if name == "tracknetv3" else [TP, FP1, FN]
    assert codes.tolist() == [*origin, TP, TP, TP]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_unlabelled_frames_are_in_no_count(name):
    labels = labels_of((-1, *NOWHERE), (-1, 5, 5), (1, 5, 5))
    codes = PROTOCOLS[name].outcomes(labels, track_of((1, 5, 5), (1,), (1, 5, 5)))
    assert codes.tolist() == [UNSCORED, UNSCORED, TP]
    assert PROTOCOLS[name].count(labels, track_of((1, 5, 5), (1,), (1,))).as_dict()["fn"] == 1


def test_a_wrong_place_is_a_miss_for_strict_and_tracknetv1():
    labels = labels_of((1, 5, 5), (1, 5, 5), (1, 5, 5), (0, *NOWHERE), (-1, *NOWHERE))
    track = track_of((1, 5, 5), (1, 50, 5), (1,), (1, 7, 7), (1, 7, 7))
    figures = score([labels], [track])
    for name, recall, f1 in (
        ("strict", 1 / 3, 1 / 3),
        ("wasb", 1 / 2, 2 / 5),
        ("tracknetv1", 1 / 3, 1 / 3),
        ("tracknetv2", 1 / 2, 2 / 5),
        ("tracknetv3", 1 / 2, 2 / 5),
    ):
        counts = [figures[name][k] for k in ("tp", "fp1", "fp2", "fn", "tn")]
        assert counts == [1, 1, 1, 1, 0]
        assert figures[name]["precision"] == pytest.approx(1 / 3)
        assert figures[name]["recall"] == pytest.approx(recall)
        assert figures[name]["f1"] == pytest.approx(f1)
        assert figures[name]["accuracy"] == pytest.approx(1 / 4)
    assert figures["wasb"]["rmse"] == pytest.approx(math.sqrt(45**2 / 2))


def test_keys_of_metrics_json():
    figures = score([labels_of((1, 1, 1))] * 2, [track_of((1, 1, 1))] * 2)
    counts = ["tp", "fp1", "fp2", "fn", "tn", "precision", "recall", "f1", "accuracy"]
    assert {name: list(part) for name, part in figures.items()} == {
        "strict": [*counts, "f1_interval"],
        "wasb": [*counts, "ap", "rmse"],
        "tracknetv1": counts,
        "tracknetv2": counts,
        "tracknetv3": counts,
    }
    assert figures["strict"]["f1_interval"] == [1.0, 1.0]


def test_ap_by_hand():
    """Ranked: hit (1/1), false (1/2), hit (2/3), false; one ball missed, one misplaced.

    Recall steps are 1/3, since FP1 is not a miss: AP = 1/3 x 1 + 1/3 x 2/3 = 5/9.
    """
    labels = labels_of((1, 5, 5), (0, *NOWHERE), (2, 5, 5), (1, 5, 5), (1, 5, 5))
    track = track_of((0.9, 5, 5), (0.8, 5, 5), (0.7, 5, 5), (0.6, 99, 5), (0.95,))
    assert score([labels], [track])["wasb"]["ap"] == pytest.approx(5 / 9)


def test_ap_of_equal_recall_is_the_highest_precision():
    """Ranked: false, hit, false, false, hit: steps of 1/2 at 1/2 and 2/5, whatever follows."""
    labels = labels_of(*[(0, *NOWHERE) if i in (0, 2, 3) else (1, 5, 5) for i in range(5)])
    track = track_of(*[(0.9 - i / 10, 5, 5) for i in range(5)])
    assert score([labels], [track])["wasb"]["ap"] == pytest.approx(1 / 4 + 1 / 5)


def test_ap_ranks_over_all_clips_and_equal_scores_in_order():
    hit, false = labels_of((1, 5, 5)), labels_of((0, *NOWHERE))
    guess, surer = track_of((0.5, 5, 5)), track_of((0.6, 5, 5))
    assert score([hit, false], [guess, guess])["wasb"]["ap"] == 1
    assert score([false, hit], [guess, guess])["wasb"]["ap"] == 0.5
    assert score([hit, false], [guess, surer])["wasb"]["ap"] == 0.5


@pytest.mark.parametrize(
    ("labels", "tracks"),
    [
        ([], []),
        ([labels_of()], [track_of()]),
        ([labels_of((-1, *NOWHERE))], [track_of((0.9, 1, 1))]),
        ([labels_of((1, 5, 5))], [track_of((0.9, 50, 5))]),
    ],
    ids=["no clips", "no frames", "no labels", "no hit"],
)
def test_a_ratio_with_denominator_0_is_0(labels, tracks):
    for name, figures in score(labels, tracks).items():
        for key in ("precision", "recall", "f1", "accuracy"):
            assert figures[key] == 0, (name, key)
    assert score(labels, tracks)["wasb"]["ap"] == 0
    assert score(labels, tracks)["strict"]["f1_interval"] is None


def test_rmse_without_a_pair_is_0():
    assert score([labels_of((1, 5, 5))], [track_of((0.9,))])["wasb"]["rmse"] == 0


def test_refuses_what_is_not_parallel():
    labels, track = labels_of((1, 5, 5)), track_of((0.9,), (0.9,))
    with pytest.raises(ValueError, match=r"labels of 1 frames, predictions of 2"):
        score([labels], [track])
    with pytest.raises(ValueError, match=r"labels of 1 clips, predictions of 0"):
        score([labels], [])


@pytest.mark.parametrize("name", ["tracknetv1", "tracknetv2", "tracknetv3"])
def test_a_protocol_that_scales_needs_the_size_of_the_frame(name):
    labels = labels_of((1, 5, 5), size=None)
    with pytest.raises(ValueError, match=r"Labels.size is None; expected the \(H, W\)"):
        PROTOCOLS[name].outcomes(labels, track_of((1, 5, 5)))


def test_refuses_a_ball_without_a_position():
    lost = Track(np.full((2, 2), np.nan), np.ones(2), np.array(["", "detected"]))
    with pytest.raises(ValueError, match=r"frame 1: a ball is predicted at .*nan"):
        score([labels_of((0, *NOWHERE), (0, *NOWHERE))], [lost])
    with pytest.raises(ValueError, match=r"frame 0: a ball is labelled at .*nan"):
        score([labels_of((1, *NOWHERE))], [track_of((0.9,))])
