"""A patch hides a ball, or lies beside it, in a frame or two; another frame shows that ball."""

import pytest
import torch

from tracknet.data.augment import Augmentation, Mixup, Occlude, Reverse
from tracknet.types import ABSENT

NAN = (torch.nan, torch.nan)


def hidden(out):
    """(B,T,h,w) where a patch covers a picture that was 2."""
    return out.frames[:, :, 0] < 1.5


def balls(windows, xy, visibility, n=200, still=0):
    """`n` times the same window of balls (T,K) on flat ground."""
    xy = torch.tensor(xy)[None].repeat(n, 1, 1, 1)
    seen = torch.tensor([visibility] * n, dtype=torch.int8)
    pictures = torch.full((n, still + xy.shape[1], 3, 48, 80), 2.0)
    return windows(xy=xy, visibility=seen, pictures=pictures)


@pytest.mark.parametrize("still", [0, 1])
def test_every_second_patch_hides_the_ball_somewhere_behind_it(still, windows, augmented):
    batch = balls(windows, [[(30.0, 20)], [(40.0, 24)], [NAN]], [[1], [2], [0]], still=still)
    out, _ = augmented(Occlude(1.0), batch)
    assert (out.pictures[:, :still] == 2).all()
    assert out.visibility is batch.visibility
    covered = hidden(out)
    assert not covered[:, 2].any()
    assert not covered.flatten(2).any(-1).all(1).any()
    first = covered[:, 0]
    chosen = first.flatten(1).any(1)
    assert 70 < chosen.sum() < 130
    hides = first[:, 20, 30][chosen]
    assert 0.35 < hides.float().mean() < 0.65
    left = first[chosen][hides].any(1).int().argmax(-1)
    assert left.min() < 22
    assert left.max() > 27


def test_a_patch_is_a_rectangle_of_its_colour_and_may_reach_over_the_border(windows):
    batch = windows(xy=torch.tensor([[[[0.0, 7]], [[5, 5]]]]), pictures=torch.zeros(1, 2, 3, 8, 8))
    drawn = {
        "chosen": torch.tensor([1.0]),
        "picks": torch.zeros(1, 3, dtype=torch.int64),
        "patch": torch.tensor([[1.0, -1, 3, 2]]),
        "colour": torch.tensor([[0.2, 0.4, 0.6]]),
    }
    expected = torch.zeros(2, 3, 8, 8)
    expected[0, :, 4:, :5] = drawn["colour"].view(3, 1, 1)
    assert Occlude().apply(batch, drawn).pictures[0].equal(expected)


@pytest.mark.parametrize("seen", [[0, 0, 0], [0, 1, 0], [-1, -1, 2]])
def test_no_patch_where_no_other_frame_shows_the_ball(seen, windows, augmented):
    batch = balls(windows, [[(30.0, 20)]] * 3, [[v] for v in seen], 16)
    assert not hidden(augmented(Occlude(1.0), batch)[0]).any()


def test_of_several_balls_one_that_is_shown_elsewhere_is_hidden(windows, augmented):
    a, b, c = (20.0, 12), (60.0, 36), (20.0, 36)
    xy = [[a, b, c], [a, NAN, NAN], [NAN, b, NAN], [NAN, b, NAN]]
    batch = balls(windows, xy, [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 2, 0]], 300)
    covered = hidden(augmented(Occlude(1.0), batch)[0])
    places = torch.stack([covered[:, :, int(y), int(x)] for x, y in (a, b, c)], -1)
    times = (places & (batch.visibility > ABSENT)).sum(1)
    assert times.amax(0).tolist() == [1, 2, 0]
    assert not (times > 0).all(1).any()
    assert (times > 0).sum(0)[:2].min() > 40
    assert 0.4 < (times > 0).any(1).float().mean() < 0.6


def test_windows_that_are_not_chosen_are_left_alone(windows, augmented):
    out, drawn = augmented(Occlude(0.5), balls(windows, [[(30.0, 20)]] * 3, [[1]] * 3))
    touched = hidden(out).flatten(1).any(1)
    assert 60 < touched.sum() < 140
    assert touched.equal(drawn["chosen"] > 0)


def test_after_other_steps_it_hides_what_they_left(windows, drawn):
    batch = balls(windows, [[(30.0, 20)], [(40.0, 24)], [NAN]], [[1], [1], [0]])
    steps = {"reverse": Reverse(1.0), "mixup": Mixup(1.0), "occlude": Occlude(1.0)}
    augmentation = Augmentation(steps)
    out = augmentation.apply(batch, drawn(augmentation, batch))
    assert out.visibility[0, :, 0].tolist() == [0, 1, 1]
    covered = hidden(out).flatten(2).any(-1)
    assert not covered[:, 0].any()
    assert (covered.sum(1) == 1).all()
