"""What several windows say of one frame becomes one list of candidates."""

import pytest
import torch

from tracknet.codecs import GaussianCodec
from tracknet.inference.overlap import OVERLAPS, Overlap, merge, triangle
from tracknet.windows import Window

T, STRIDE = 3, 2
CODEC = GaussianCodec(candidates=2, radius=2)


def maps(*positions, size=(20, 30), height=0.8):
    """(len, h, w) logits with a peak at each (x, y) in network pixels."""
    xy = torch.tensor(positions, dtype=torch.float32)[:, None]
    heat, _ = CODEC.encode(xy, torch.ones(len(xy), 1), size, STRIDE)
    return (heat * height).clamp(1e-4, 1 - 1e-4).logit()


def run(name, windows, batch=2):
    overlap = Overlap(name, CODEC, T, STRIDE)
    found = []
    for i in range(0, len(windows), batch):
        part = windows[i : i + batch]
        frames = [Window(start, length, []) for start, length, _ in part]
        found.append(overlap.add(frames, torch.stack([logits for *_, logits in part])))
    found.append(overlap.finish())
    return torch.cat([rows for rows in found if len(rows)])


def at_every_start(count):
    """A network that sees the ball at (5 + f, 8) in frame f, whatever the window."""
    return [
        (start, T, maps(*[(5.0 + start + i, 8.0) for i in range(T)]))
        for start in range(count - T + 1)
    ]


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("name", OVERLAPS)
def test_all_agree_when_all_windows_do(name, batch):
    found = run(name, at_every_start(9), batch)
    assert found.shape == (9, 2, 3)
    torch.testing.assert_close(found[:, 0, 0], 5 + torch.arange(9.0), atol=0.02, rtol=0)
    torch.testing.assert_close(found[:, 0, 1], torch.full((9,), 8.0), atol=0.02, rtol=0)
    torch.testing.assert_close(found[:, 0, 2], torch.full((9,), 0.8), atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", OVERLAPS)
def test_a_video_shorter_than_a_window(name):
    found = run(name, [(0, 2, maps((5.0, 8.0), (6.0, 8.0), (6.0, 8.0)))])
    assert found[:, 0, 0].round().tolist() == [5, 6]


def test_the_middle_of_a_window_counts_more():
    assert triangle(5).tolist() == [1, 2, 3, 2, 1]
    assert triangle(4).tolist() == [1, 2, 2, 1]
    dark, light = maps((5.0, 8.0), height=0.2), maps((5.0, 8.0), height=0.8)
    # Frame 2 is last in window 0, in the middle of window 1, first in window 2.
    windows = [
        (0, T, torch.cat([dark, dark, dark])),
        (1, T, torch.cat([dark, light, dark])),
        (2, T, torch.cat([dark, dark, dark])),
    ]
    score = {name: float(run(name, windows)[2, 0, 2]) for name in ("mean", "weighted")}
    assert score["mean"] == pytest.approx((0.2 + 0.8 + 0.2) / 3, abs=1e-3)
    assert score["weighted"] == pytest.approx((0.2 + 2 * 0.8 + 0.2) / 4, abs=1e-3)


def test_near_candidates_become_one():
    pool = torch.tensor(
        [
            [[10.0, 10.0, 0.6], [3.0, 3.0, 0.4]],
            [[11.0, 10.0, 0.3], [25.0, 5.0, 0.2]],
        ]
    )
    best, second = merge(pool, radius=2)
    torch.testing.assert_close(best, torch.tensor([10 + 0.3 / 0.9, 10.0, 0.45]))
    torch.testing.assert_close(second, torch.tensor([3.0, 3.0, 0.2]))


def test_one_window_gives_a_group_one_candidate():
    pool = torch.tensor([[[10.0, 10.0, 0.6], [11.0, 10.0, 0.5]]])
    assert merge(pool, radius=2)[:, 2].tolist() == pytest.approx([0.6, 0])
