"""Two windows over each other have the balls of both."""

import pytest
import torch

from tracknet.data.augment import Mixup


def apply(batch, share, partner):
    return Mixup().apply(batch, {"share": torch.tensor(share), "partner": torch.tensor(partner)})


@pytest.fixture
def batch(windows):
    """Makes windows of flat levels 0, 1/n, ... with K balls in each of two frames."""

    def make(n, k=1):
        pictures = (torch.arange(n) / n).view(-1, 1, 1, 1, 1).repeat(1, 2, 3, 4, 4)
        xy = torch.arange(n * k * 4, dtype=torch.float32).view(n, 2, k, 2)
        visibility = torch.tensor([[[1] * k, [-1] * k]] * n, dtype=torch.int8)
        return windows(xy=xy, visibility=visibility, pictures=pictures)

    return make


@pytest.mark.parametrize("k", [1, 2])
def test_a_window_is_laid_over_those_that_drew_one(k, batch):
    before, own, share = batch(4, k), batch(4, k), [0.4, 0.5, 0.0, 0.6]
    out = apply(own, share, [0.0, 0.99, 0.3, 0.5])
    assert out.xy.shape == (4, 2, 2 * k, 2)
    assert out.xy[:, :, :k].equal(before.xy)
    assert out.visibility[:, :, :k].equal(before.visibility)
    for i, j in enumerate([1, 0, 3, 1]):
        mixed = before.pictures[i].lerp(before.pictures[j], share[i])
        torch.testing.assert_close(out.pictures[i], mixed)
        seen = [[1] * k, [-1] * k] if share[i] else [[0] * k, [0] * k]
        assert out.visibility[i, :, k:].tolist() == seen
        if share[i]:
            assert out.xy[i, :, k:].equal(before.xy[j])


def test_a_window_is_never_its_own_partner(batch):
    for where in torch.linspace(0, 0.9999, 30).tolist():
        xy = apply(batch(5), [0.5] * 5, [where] * 5).xy
        assert not (xy[:, :, 0] == xy[:, :, 1]).all(-1).any()


def test_as_often_as_asked_and_neither_ball_fades_away(windows, augmented):
    _, drawn = augmented(Mixup(0.3), windows(400, pictures=torch.zeros(400, 3, 3, 2, 2)))
    shares = drawn["share"][drawn["share"] > 0]
    assert 90 < len(shares) < 150
    assert shares.min() >= 0.4
    assert shares.max() <= 0.6
