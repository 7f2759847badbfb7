"""TrackNetV4's motion attention against figures of its own code, and beyond three frames."""

import pytest
import torch

from tracknet.errors import InputError
from tracknet.models import MotionAttention

SIZE = (64, 128)


def frames(seed=0, batch=2, count=3, size=SIZE):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3 * count, *size, generator=generator).double().unflatten(1, (-1, 3))


def attention(a, b, kind="A", **options):
    module = MotionAttention(options.pop("frames", 3), kind=kind, **options).double()
    module.load_state_dict({"a": torch.tensor(a), "b": torch.tensor(b)})
    return module


def check(output, expected):
    found = output.flatten()[list(expected)].detach()
    torch.testing.assert_close(
        found, torch.tensor([*expected.values()], dtype=torch.float64), atol=1e-7, rtol=0
    )


@pytest.mark.parametrize(
    ("a", "b", "motion", "both"),
    [
        (0.1, 0.0, (0.55174325, 0.97484539), (-0.042287972, -0.82490368)),
        (-0.7, 0.35, (0.067102833, 0.21606308), (-0.0051430493, -0.16452572)),
    ],
)
def test_it_is_theirs(a, b, motion, both):
    logits = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(3)).double()
    check(attention(a, b).motion(frames()), {0: motion[0], 16934: motion[1]})
    check(attention(a, b, "A")(logits, frames()), {0: -0.076644294, 26225: -0.85594475})
    check(attention(a, b, "B")(logits, frames()), {0: both[0], 26225: both[1]})


def test_a_frame_is_weighed_by_what_moves_around_it():
    still = torch.zeros(1, 5, 3, 8, 8)
    still[:, 3:] = 1  # between the third frame and the fourth everything changes
    ones = torch.ones(1, 5, 8, 8)
    weights = attention(0.1, 0.0, "A", frames=5).float()(ones, still)[0, :, 0, 0]
    assert weights[[0, 1, 2, 4]].tolist() == [1, 0.5, 0.5, 0.5]
    assert weights[3] > 0.99
    weights = attention(0.1, 0.0, "B", frames=5).float()(ones, still)[0, :, 0, 0]
    assert weights[[0, 1, 4]].tolist() == [0.5, 0.5, 0.5]
    assert weights[2] == weights[3] > 0.74


def test_a_coarser_heatmap_has_the_most_of_what_moves():
    moving = torch.zeros(1, 2, 3, 8, 16)
    moving[0, 1, :, 5, 9] = 1
    logits = torch.ones(1, 2 * 3, 2, 4)
    weighed = MotionAttention(2, maps=3)(logits, moving).unflatten(1, (2, 3))[0]
    assert weighed[1, 0, 1, 2] > 0.99
    assert weighed[1, 0].sum() < 0.5 * 7 + 1
    assert (weighed[:, 1:] == 1).all(), "offsets are not weighed"


def test_both_scalars_learn():
    module = MotionAttention(2)
    module(torch.ones(1, 2, 4, 4), torch.rand(1, 2, 3, 4, 4)).sum().backward()
    assert module.a.grad != 0
    assert module.b.grad != 0


def test_one_frame_does_not_move():
    with pytest.raises(InputError, match="frames=1: attention=motion compares frames"):
        MotionAttention(1)
