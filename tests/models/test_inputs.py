import pytest
import torch

from tracknet.models.inputs import WindowInput

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)


def test_frames_are_normalised_channel_by_channel():
    inputs = WindowInput(3, False, MEAN, STD)
    frames = torch.rand(2, 3, 3, 4, 6)
    out = inputs(frames, None)
    assert inputs.pictures == 3
    for c in range(3):
        torch.testing.assert_close(out[:, :, c], (frames[:, :, c] - MEAN[c]) / STD[c])


def test_the_background_comes_first():
    inputs = WindowInput(2, True, (0.0,) * 3, (1.0,) * 3)
    frames, background = torch.rand(2, 2, 3, 4, 6), torch.rand(2, 3, 4, 6)
    out = inputs(frames, background)
    assert inputs.pictures == 3
    assert out[:, 0].equal(background)
    assert out[:, 1:].equal(frames)


def test_what_is_missing_is_refused():
    with pytest.raises(ValueError, match="the window has 2 frames; expected 3"):
        WindowInput(3, False, MEAN, STD)(torch.rand(1, 2, 3, 4, 6), None)
    with pytest.raises(ValueError, match="takes the clip's background"):
        WindowInput(3, True, MEAN, STD)(torch.rand(1, 3, 3, 4, 6), None)


def test_the_state_of_a_network_does_not_hold_them():
    # They come from the backbone's record, which a checkpoint carries.
    inputs = WindowInput(3, False, MEAN, STD)
    assert inputs.state_dict() == {}
    assert inputs.double().mean.dtype == torch.float64  # but they move with the network
