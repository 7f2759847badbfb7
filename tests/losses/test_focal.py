"""Against "Objects as Points", equation 1, written down pixel by pixel."""

import math

import pytest
import torch

from tracknet.codecs import GaussianCodec
from tracknet.losses import FocalLoss

XY = torch.tensor([[[4.3, 2.6], [9.0, 5.0], [0.0, 0.0]]] * 2)
VISIBILITY = torch.tensor([[1, 0, -1], [2, 1, 1]])


def targets():
    return GaussianCodec().encode(XY[..., None, :], VISIBILITY[..., None], (8, 12), 1)


def literal(logits, target, weight, alpha, beta):
    total = 0.0
    for index in torch.cartesian_prod(*map(torch.arange, logits.shape)).tolist():
        z, y, w = (
            v[tuple(i)].item() for v, i in ((logits, index), (target, index), (weight, index[:2]))
        )
        p = 1 / (1 + math.exp(-z))
        if y == 1:
            total -= w * (1 - p) ** alpha * math.log(p)
        else:
            total -= w * (1 - y) ** beta * p**alpha * math.log(1 - p)
    return total / (logits.shape[0] * logits.shape[1])


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 4.0), (3.0, 2.0)])
def test_reference(alpha, beta):
    torch.manual_seed(0)
    logits, (target, weight) = 3 * torch.randn(2, 3, 8, 12), targets()
    expected = literal(logits.double(), target.double(), weight, alpha, beta)
    assert FocalLoss(alpha, beta)(logits, target, weight).item() == pytest.approx(expected, 1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("logit", [-1e4, -20, 0, 20, 1e4])
def test_finite(dtype, logit):
    target, weight = targets()
    logits = torch.full(target.shape, logit, dtype=dtype, requires_grad=True)
    loss = FocalLoss()(logits, target, weight)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_computed_in_float32(dtype):
    torch.manual_seed(0)
    logits, (target, weight) = (3 * torch.randn(2, 3, 8, 12)).to(dtype), targets()
    assert FocalLoss()(logits, target, weight) == FocalLoss()(logits.float(), target, weight)


def test_unlabelled_frames_teach_nothing_and_frames_without_a_ball_do():
    target, weight = targets()
    logits = torch.zeros(target.shape, requires_grad=True)
    FocalLoss()(logits, target, weight).backward()
    taught = logits.grad.abs().amax((-2, -1)) > 0
    assert taught.tolist() == [[True, True, False], [True, True, True]]
    assert (logits.grad[0, 1] > 0).all()


def test_descent_raises_the_ball_and_lowers_the_rest():
    target, weight = targets()
    logits = torch.zeros(target.shape, requires_grad=True)
    FocalLoss()(logits, target, weight).backward()
    grad = logits.grad[weight > 0]
    assert (grad[target[weight > 0] == 1] < 0).all()
    assert (grad[target[weight > 0] < 0.9] > 0).all()
