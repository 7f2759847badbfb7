"""What moves is put before another window's background."""

from dataclasses import replace

import pytest
import torch

from tracknet.data.augment import Augmentation, Backdrop

H, W = 40, 60
VENUES = torch.tensor([[0.1, 0.4, 0.2], [0.1, 0.2, 0.6], [0.6, 0.1, 0.1], [0.3, 0.3, 0.3]])
BALL = torch.tensor([0.9, 0.9, 0.8])


@pytest.fixture
def batch(windows):
    """Makes four windows of two frames, each before its own plain background, with a ball."""

    def make(ball=BALL, faint=0.0, visibility=None):
        pictures = VENUES[:, None, :, None, None].expand(4, 3, 3, H, W).clone()
        pictures[:, 1:, :, 30:] += faint
        xy = torch.tensor([20.0, 10.0]) + torch.rand(4, 2, 1, 2) * 8
        for sample in range(4):
            for frame in range(2):
                x, y = xy[sample, frame, 0].round().int().tolist()
                pictures[sample, 1 + frame, :, y - 1 : y + 2, x - 1 : x + 2] = ball[:, None, None]
        return windows(xy=xy, pictures=pictures, visibility=visibility)

    return make


def apply(batch, chosen, partner=0.0):
    drawn = {"chosen": torch.tensor(chosen), "partner": torch.full((4,), partner)}
    return Backdrop().apply(batch, drawn)


def batch_like(batch):
    return replace(batch, pictures=batch.pictures.clone())


def test_the_ball_is_where_it_was_before_the_next_windows_background(batch):
    before = batch()
    own = apply(batch_like(before), [1.0, 0.0, 1.0, 1.0])
    assert own.xy.equal(before.xy)
    assert own.visibility.equal(before.visibility)
    assert own.pictures[1].equal(before.pictures[1])
    for sample, other in [(0, 1), (2, 3), (3, 0)]:  # as they were, not as they have become
        still = VENUES[other][:, None, None].expand(3, H, W)
        torch.testing.assert_close(own.pictures[sample, 0], still)
        is_ball = (before.pictures[sample, 1:] == BALL[:, None, None]).all(1, keepdim=True)
        expected = torch.where(is_ball, BALL[:, None, None], still)
        torch.testing.assert_close(own.pictures[sample, 1:], expected)


def test_a_faint_difference_goes_along(batch):
    own = apply(batch(faint=0.02), [1.0, 0.0, 0.0, 0.0])
    shadow = own.pictures[0, 1:, :, 35:] - own.pictures[0, 0, :, 35:]
    torch.testing.assert_close(shadow, torch.full_like(shadow, 0.02))
    assert own.pictures[0, 0].equal(VENUES[1][:, None, None].expand(3, H, W))


@pytest.mark.parametrize(("visibility", "goes"), [(1, False), (0, True), (-1, True)])
def test_a_ball_that_is_a_part_of_its_background_keeps_it(batch, visibility, goes):
    labels = torch.full((4, 2, 1), visibility, dtype=torch.int8)
    before = batch(ball=VENUES[0] + 0.01, visibility=labels)
    own = apply(batch_like(before), [1.0, 0.0, 0.0, 0.0])
    assert own.pictures[0].equal(before.pictures[0]) != goes


def test_a_ball_outside_of_the_crop_asks_for_nothing(batch):
    before = batch()
    before.xy[0] = torch.tensor([-5.0, 70.0])
    own = apply(batch_like(before), [1.0, 0.0, 0.0, 0.0])
    assert own.pictures[0, 0].equal(VENUES[1][:, None, None].expand(3, H, W))


def test_as_often_as_asked(windows, drawn):
    step = Backdrop(0.3)
    many = windows(400, pictures=torch.zeros(400, 4, 3, 2, 2))
    assert 90 < drawn(Augmentation({"step": step}), many)["step"]["chosen"].sum() < 150
