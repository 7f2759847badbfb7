"""The loss of a heatmap with offsets beside it."""

import pytest
import torch

from tracknet.codecs import OffsetCodec
from tracknet.losses import BCELoss, OffsetLoss

CODEC = OffsetCodec(candidates=1)


def targets(xy, visibility):
    """Of one window of two frames, maps of 16x24 cells of 2 pixels."""
    return CODEC.encode(
        torch.tensor(xy)[None, :, None], torch.tensor(visibility)[None, :, None], (16, 24), 2
    )


def test_a_network_that_learns_it_places_the_ball():
    target, weight = targets([[20.3, 11.9], [31.4, 6.2]], [1, 1])
    logits = torch.zeros(1, 6, 16, 24, requires_grad=True)
    optimizer = torch.optim.Adam([logits], 0.2)
    for _ in range(200):
        optimizer.zero_grad()
        OffsetLoss()(logits, target, weight).backward()
        optimizer.step()
    found = CODEC.decode(CODEC.probability(logits.detach()), 2)[0, :, 0]
    torch.testing.assert_close(
        found[:, :2], torch.tensor([[20.3, 11.9], [31.4, 6.2]]), atol=0.1, rtol=0
    )
    assert (found[:, 2] > 0.9).all()


def test_offsets_count_near_the_ball_and_nowhere_else():
    # Of the ball of the first frame, at (9.75, 5.75) in cells; the second frame has none.
    target, weight = targets([[20.0, 12.0], [0.0, 0.0]], [1, 0])
    logits = torch.zeros(1, 6, 16, 24)
    loss = OffsetLoss(positive_weight=1, offset_weight=1, near=2)

    def offsets() -> float:
        plain = BCELoss(1)(logits[:, ::3], target[:, :, 0], weight)
        return float(loss(logits, target, weight) - plain)

    begun = offsets()
    assert begun > 0
    logits[:, 4:] = 100
    logits[:, 1:3, :, 12:] = 100
    logits[:, 1:3, :, :8] = 100
    assert offsets() == pytest.approx(begun, rel=1e-4)
    logits[:, 1, 6, 9] += 10
    assert offsets() > begun + 2


def test_unlabelled_frames_count_nothing():
    target, weight = targets([[20.0, 12.0], [0.0, 0.0]], [-1, -1])
    logits = torch.randn(1, 6, 16, 24)
    assert OffsetLoss()(logits, target, weight) == 0
