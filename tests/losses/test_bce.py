"""Both cross entropies against their formulas, written down in float64."""

import math

import pytest
import torch

from tracknet.codecs import GaussianCodec
from tracknet.losses import BCELoss, WBCELoss

XY = torch.tensor([[[4.3, 2.6], [9.0, 5.0], [0.0, 0.0]]] * 2)
VISIBILITY = torch.tensor([[1, 0, -1], [2, 1, 1]])


def targets():
    return GaussianCodec().encode(XY[..., None, :], VISIBILITY[..., None], (8, 12), 1)


def reference(pixels, weight):
    return (
        sum(
            w * pixels[b, t].sum()
            for (b, t), w in zip(
                torch.cartesian_prod(torch.arange(2), torch.arange(3)),
                weight.flatten(),
                strict=True,
            )
        )
        / 6
    )


def inputs():
    torch.manual_seed(0)
    logits = 3 * torch.randn(2, 3, 8, 12)
    p = 1 / (1 + torch.exp(-logits.double()))
    return logits, p, *targets()


@pytest.mark.parametrize("factor", [1.0, 10.0])
def test_bce(factor):
    logits, p, y, weight = inputs()
    y64 = y.double()
    pixels = -(1 + (factor - 1) * y64) * (y64 * p.log() + (1 - y64) * (1 - p).log())
    loss = BCELoss(factor)(logits, y, weight)
    assert loss.item() == pytest.approx(reference(pixels, weight).item(), 1e-5)


def test_the_best_answer_to_bce_is_the_target_itself():
    _, _, target, weight = inputs()
    logits = target.clamp(1e-4, 1 - 1e-4).logit().requires_grad_()
    BCELoss()(logits, target, weight).backward()
    assert logits.grad.abs().max() < 1e-3


def test_wbce():
    logits, p, y, weight = inputs()
    y64 = y.double()
    pixels = -((1 - p) ** 2 * y64 * p.log() + p**2 * (1 - y64) * (1 - p).log())
    loss = WBCELoss()(logits, y, weight)
    assert loss.item() == pytest.approx(reference(pixels, weight).item(), 1e-5)


def test_wbce_is_the_published_one_where_theirs_clamp_nothing():
    """The published ones are means over pixels, and their logarithms end: TrackNetV3's at 1e-7.

    Two of the logits are beyond. WASB's, whose probabilities end at 1e-4, gives 0.7079450377.
    """
    shape = (2, 3, 32, 64)
    z = 2 * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    y = (torch.rand(shape, generator=torch.Generator().manual_seed(1)) > 0.9).float()
    for element, logit, target in ((0, 30, 0), (1, -30, 1)):
        z.view(-1)[element], y.view(-1)[element] = logit, target
    mean = WBCELoss()(z, y, torch.ones(2, 3)).item() / (32 * 64)
    beyond = 2 * (30 + math.log(1e-7)) / z.numel()
    assert mean - beyond == pytest.approx(0.7090696466, 1e-5)


@pytest.mark.parametrize("loss", [BCELoss(), WBCELoss()])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("logit", [-1e4, -20, 0, 20, 1e4])
def test_finite(loss, dtype, logit):
    target, weight = targets()
    logits = torch.full(target.shape, logit, dtype=dtype, requires_grad=True)
    value = loss(logits, target, weight)
    value.backward()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("loss", [BCELoss(), WBCELoss()])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_computed_in_float32(loss, dtype):
    logits, _, target, weight = inputs()
    logits = logits.to(dtype)
    assert loss(logits, target, weight) == loss(logits.float(), target, weight)


@pytest.mark.parametrize("loss", [BCELoss(), WBCELoss()])
def test_unlabelled_frames_teach_nothing_and_frames_without_a_ball_do(loss):
    target, weight = targets()
    logits = torch.zeros(target.shape, requires_grad=True)
    loss(logits, target, weight).backward()
    taught = logits.grad.abs().amax((-2, -1)) > 0
    assert taught.tolist() == [[True, True, False], [True, True, True]]
    assert (logits.grad[0, 1] > 0).all()
