"""Each protocol by hand-worked cases and against a slow literal reading of METRICS.md."""

import math

import numpy as np
import pytest

from tracknet.metrics import PROTOCOLS, STRICT, WASB, Counts, LenientCounts, Outcome, score
from tracknet.types import Labels, Track

UNSCORED, TP, FP1, FP2, FN, TN = Outcome
NOWHERE = (math.nan, math.nan)


def labels_of(*rows):
    """Rows (visibility, x, y)."""
    return Labels(
        np.array([row[1:] for row in rows], np.float32).reshape(-1, 2),
        np.array([row[0] for row in rows], np.int8),
    )


def track_of(*rows):
    """Rows (score, x, y) of a ball or (score,) of none."""
    return Track(
        np.array([row[1:] or NOWHERE for row in rows], np.float64).reshape(-1, 2),
        np.array([row[0] for row in rows], np.float64),
        np.array(["detected" if len(row) > 1 else "" for row in rows], "<U12"),
    )


def random_clip(rng):
    n = int(rng.integers(0, 12))
    visibility = rng.integers(-1, 4, n).astype(np.int8)
    xy = rng.integers(0, 200, (n, 2)).astype(np.float32) / 10
    visible = rng.random(n) < 0.7
    guess = np.where(rng.random((n, 1)) < 0.7, xy + rng.integers(-5, 6, (n, 2)), 0.5)
    xy[visibility <= 0] = np.nan
    guess = np.where(np.isfinite(guess), guess, 3.0)
    guess[~visible] = np.nan
    scores = rng.integers(0, 8, n) / 8
    return Labels(xy, visibility), Track(guess, scores, np.where(visible, "detected", ""))


def reference(name, clips):
    """METRICS.md, word by word, in plain Python."""
    n = dict.fromkeys(("tp", "fp1", "fp2", "fn", "tn"), 0)
    ranking, squares = [], []
    for labels, track in clips:
        for xy, v, guess, s, source in zip(
            labels.xy, labels.visibility, track.xy, track.score, track.source, strict=True
        ):
            if v == -1:
                continue
            ball = v > 0 if name == "strict" else v in (1, 2)
            kind = {(0, 0): "tn", (0, 1): "fp2", (1, 0): "fn"}.get((ball, source != ""))
            if kind is None:
                dx, dy = (float(g) - float(str(c)) for g, c in zip(guess, xy, strict=True))
                squares.append(dx * dx + dy * dy)
                kind = "tp" if math.sqrt(dx * dx + dy * dy) < 4 else "fp1"
            n[kind] += 1
            if source:
                ranking.append((-s, len(ranking), kind == "tp"))

    def over(a, b):
        return a / b if b else 0

    p = over(n["tp"], n["tp"] + n["fp1"] + n["fp2"])
    missable = n["tp"] + n["fn"] + (n["fp1"] if name == "strict" else 0)
    r = over(n["tp"], missable)
    f1, accuracy = over(2 * p * r, p + r), over(n["tp"] + n["tn"], sum(n.values()))
    expected = n | {"precision": p, "recall": r, "f1": f1, "accuracy": accuracy}
    if name == "wasb":
        highest, hits = {}, 0
        for rank, (*_, hit) in enumerate(sorted(ranking), start=1):
            hits += hit
            recall = over(hits, missable)
            highest[recall] = max(highest.get(recall, 0), hits / rank)
        ap = previous = 0
        for recall, precision in highest.items():
            ap += (recall - previous) * precision
            previous = recall
        rmse = math.sqrt(over(sum(squares), len(squares)))
        expected |= {"ap": ap, "rmse": rmse}
    return expected


@pytest.mark.parametrize("name", ["strict", "wasb"])
def test_agrees_with_the_definition_word_by_word(name):
    rng = np.random.default_rng(7)
    clips = [random_clip(rng) for _ in range(200)]
    for chosen in [clips, *([clip] for clip in clips)]:
        labels, tracks = zip(*chosen, strict=True)
        figures = PROTOCOLS[name].score(labels, tracks)
        figures.pop("f1_interval", None)
        assert figures == pytest.approx(reference(name, chosen), abs=1e-12)


@pytest.mark.parametrize("protocol", [STRICT, WASB], ids=lambda p: p.name)
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
def test_outcome_of_one_frame(protocol, label, guess, outcome):
    codes = protocol.outcomes(labels_of(label), track_of(guess))
    assert codes.dtype == np.int8
    assert codes.tolist() == [outcome]


@pytest.mark.parametrize(
    ("protocol", "outcomes"), [(STRICT, [TP, FP1, FN]), (WASB, [FP2, FP2, TN])]
)
def test_visibility_3_is_no_ball_for_wasb_alone(protocol, outcomes):
    labels = labels_of(*[(3, 5, 5)] * 3)
    codes = protocol.outcomes(labels, track_of((1, 5, 5), (1, 50, 5), (1,)))
    assert codes.tolist() == outcomes


def test_a_wrong_place_is_a_miss_for_strict_alone():
    labels = labels_of((1, 5, 5), (1, 5, 5), (1, 5, 5), (0, *NOWHERE), (-1, *NOWHERE))
    track = track_of((1, 5, 5), (1, 50, 5), (1,), (1, 7, 7), (1, 7, 7))
    figures = score([labels], [track])
    for name, recall, f1 in (("strict", 1 / 3, 1 / 3), ("wasb", 1 / 2, 2 / 5)):
        counts = [figures[name][k] for k in ("tp", "fp1", "fp2", "fn", "tn")]
        assert counts == [1, 1, 1, 1, 0]
        assert figures[name]["precision"] == pytest.approx(1 / 3)
        assert figures[name]["recall"] == pytest.approx(recall)
        assert figures[name]["f1"] == pytest.approx(f1)
        assert figures[name]["accuracy"] == pytest.approx(1 / 4)
    assert figures["wasb"]["rmse"] == pytest.approx(math.sqrt(45**2 / 2))


def test_keys_of_metrics_json():
    figures = score([labels_of((1, 1, 1))], [track_of((1, 1, 1))])
    counts = ["tp", "fp1", "fp2", "fn", "tn", "precision", "recall", "f1", "accuracy"]
    assert {name: list(part) for name, part in figures.items()} == {
        "strict": [*counts, "f1_interval"],
        "wasb": [*counts, "ap", "rmse"],
    }
    assert figures["strict"]["f1_interval"] == [1.0, 1.0]


def test_ap_by_hand():
    """Ranked: hit (1/1), false (1/2), hit (2/3), false; one ball missed, one misplaced.

    Recall steps are 1/3, since FP1 is not a miss: AP = 1/3 x 1 + 1/3 x 2/3 = 5/9.
    """
    labels = labels_of((1, 5, 5), (0, *NOWHERE), (2, 5, 5), (1, 5, 5), (1, 5, 5))
    track = track_of((0.9, 5, 5), (0.8, 5, 5), (0.7, 5, 5), (0.6, 99, 5), (0.95,))
    assert score([labels], [track])["wasb"]["ap"] == pytest.approx(5 / 9)


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
    assert score(labels, tracks)["strict"]["f1_interval"] == [0, 0]


def test_rmse_without_a_pair_is_0():
    assert score([labels_of((1, 5, 5))], [track_of((0.9,))])["wasb"]["rmse"] == 0


def test_counts_add_up_within_their_kind():
    assert Counts(1, 2, 3, 4, 5) + Counts(1, 1, 1, 1, 1) == Counts(2, 3, 4, 5, 6)
    assert type(LenientCounts(1) + LenientCounts(2)) is LenientCounts
    with pytest.raises(TypeError):
        Counts(1) + LenientCounts(1)


def test_refuses_what_is_not_parallel():
    labels, track = labels_of((1, 5, 5)), track_of((0.9,), (0.9,))
    with pytest.raises(ValueError, match=r"labels of 1 frames, predictions of 2"):
        score([labels], [track])
    with pytest.raises(ValueError, match=r"labels of 1 clips, predictions of 0"):
        score([labels], [])


def test_refuses_a_ball_without_a_position():
    lost = Track(np.full((2, 2), np.nan), np.ones(2), np.array(["", "detected"]))
    with pytest.raises(ValueError, match=r"frame 1: a ball is predicted at .*nan"):
        score([labels_of((0, *NOWHERE), (0, *NOWHERE))], [lost])
    with pytest.raises(ValueError, match=r"frame 0: a ball is labelled at .*nan"):
        score([labels_of((1, *NOWHERE))], [track_of((0.9,))])
