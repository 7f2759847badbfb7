"""Frames and labels run backwards together; the background stays where it is."""

import pytest
import torch

from tracknet.data.augment import Reverse


@pytest.mark.parametrize("background", [0, 1])
def test_windows_are_turned_round(background, windows, augmented):
    xy = windows(16).xy
    xy[:, 1:] = torch.nan
    visibility = torch.tensor([[[1], [0], [-1]]] * 16, dtype=torch.int8)
    levels = torch.tensor([0.9] * background + [0.1, 0.2, 0.3])
    pictures = levels.view(1, -1, 1, 1, 1).repeat(16, 1, 3, 4, 6)
    batch = windows(xy=xy, visibility=visibility, pictures=pictures)
    out, drawn = augmented(Reverse(0.5), batch)
    backwards = drawn["reverse"] == 1
    assert 0 < backwards.sum() < 16
    for i in range(16):
        order = [2, 1, 0] if backwards[i] else [0, 1, 2]
        expected = [*levels[:background], *levels[background:][order]]
        assert out.pictures[i, :, 0, 2, 3].tolist() == torch.stack(expected).tolist()
        assert out.visibility[i].tolist() == visibility[i, order].tolist()
        torch.testing.assert_close(out.xy[i], xy[i, order], equal_nan=True)
