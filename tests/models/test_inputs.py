import pytest
import torch

from tracknet.models import ConvBackbone
from tracknet.models.backbones.base import describe_weights
from tracknet.models.inputs import GAIN, FrameInput, WindowInput

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)


def test_frames_are_normalised_channel_by_channel():
    inputs = WindowInput(3, False, False, MEAN, STD)
    frames = torch.rand(2, 3, 3, 4, 6)
    out = inputs(frames, None)
    assert inputs.pictures == 3
    for c in range(3):
        torch.testing.assert_close(out[:, :, c], (frames[:, :, c] - MEAN[c]) / STD[c])


def test_the_background_comes_first():
    inputs = WindowInput(2, True, False, (0.0,) * 3, (1.0,) * 3)
    frames, background = torch.rand(2, 2, 3, 4, 6), torch.rand(2, 3, 4, 6)
    out = inputs(frames, background)
    assert inputs.pictures == 3
    assert out[:, 0].equal(background)
    assert out[:, 1:].equal(frames)


@pytest.mark.parametrize("background", [False, True])
def test_differences_show_only_what_changes(background):
    inputs = WindowInput(3, background, True, MEAN, STD)
    frames, still = torch.rand(1, 3, 3, 4, 6), torch.rand(1, 3, 4, 6)
    kept = frames.clone()
    out = inputs(frames, still if background else None)
    first, own = (still, 0) if background else (frames[:, 1], 1)
    std = torch.tensor(STD)[:, None, None]
    torch.testing.assert_close(out[:, own], (first - torch.tensor(MEAN)[:, None, None]) / std)
    others = frames if background else frames[:, ::2]
    rest = [i for i in range(out.shape[1]) if i != own]
    torch.testing.assert_close(out[:, rest], GAIN * (others - first[:, None]) / std)
    assert frames.equal(kept)
    same = first[:, None].expand(-1, 3, -1, -1, -1)
    assert not inputs(same, still if background else None)[:, rest].any()


def test_a_frames_picture_is_the_frame_and_how_it_differs():
    inputs = FrameInput(3, True, True, False, MEAN, STD)
    frames, still = torch.rand(2, 3, 3, 4, 6), torch.rand(2, 3, 4, 6)
    kept = frames.clone()
    out = inputs(frames, still)
    assert (inputs.pictures, inputs.channels) == (3, 9)
    assert out.shape == (2, 3, 9, 4, 6)
    mean, std = (torch.tensor(each)[:, None, None] for each in (MEAN, STD))
    torch.testing.assert_close(out[:, :, :3], (frames - mean) / std)
    torch.testing.assert_close(out[:, :, 3:6], GAIN * (frames - still[:, None]) / std)
    torch.testing.assert_close(out[:, 1:, 6:], GAIN * (frames[:, 1:] - frames[:, :-1]) / std)
    assert not out[:, 0, 6:].any()  # nothing is before the first one
    assert frames.equal(kept)


@pytest.mark.parametrize("background", [False, True])
def test_grey_is_the_mean_of_the_colours(background):
    frames, still = torch.rand(2, 3, 3, 4, 6), torch.rand(2, 3, 4, 6)
    grey, colour = (FrameInput(3, background, False, own, MEAN, STD) for own in (True, False))
    assert (grey.channels, colour.channels) == (1 + background, 3 + 3 * background)
    expected = colour(frames, still).unflatten(2, (-1, 3)).mean(3)
    torch.testing.assert_close(grey(frames, still), expected)


@pytest.mark.parametrize("background", [False, True])
def test_a_picture_is_the_same_in_every_window(background):
    inputs = FrameInput(3, background, False, False, MEAN, STD)
    frames, still = torch.rand(1, 3, 3, 4, 6), torch.rand(1, 3, 4, 6)
    assert inputs.framewise
    alone = inputs(frames.transpose(0, 1), still.expand(3, -1, -1, -1))
    assert alone.transpose(0, 1).equal(inputs(frames, still))


def test_what_shows_a_frame_by_another_one_says_so():
    assert not FrameInput(3, previous=True).framewise
    assert not WindowInput(3).framewise


def test_what_is_missing_is_refused():
    with pytest.raises(ValueError, match="the window has 2 frames; expected 3"):
        FrameInput(3)(torch.rand(1, 2, 3, 4, 6))
    with pytest.raises(ValueError, match="the window has 1 frames; expected 3"):
        FrameInput(3, previous=True)(torch.rand(1, 1, 3, 4, 6))
    with pytest.raises(ValueError, match="takes the clip's background"):
        FrameInput(3, background=True)(torch.rand(1, 3, 3, 4, 6))
    with pytest.raises(ValueError, match="the window has 2 frames; expected 3"):
        WindowInput(3, False, False, MEAN, STD)(torch.rand(1, 2, 3, 4, 6), None)
    with pytest.raises(ValueError, match="takes the clip's background"):
        WindowInput(3, True, False, MEAN, STD)(torch.rand(1, 3, 3, 4, 6), None)


class Told(ConvBackbone):
    """Remembers what it was told."""

    def __init__(self, mean, std):
        super().__init__((4,))
        self.weights = describe_weights("pretrained", "tiny", None, mean, std)
        self.gains = []

    def take_differences(self, gain, still):
        self.gains.append((gain, still))


@pytest.mark.parametrize("mean", [None, [0.1, 0.0, 0.2]])
@pytest.mark.parametrize("std", [None, [1.0, 2.0, 3.0]])
@pytest.mark.parametrize("differences", [False, True])
def test_what_is_not_given_is_the_backbones(mean, std, differences):
    inputs, backbone = WindowInput(1, False, differences, mean, std), Told(MEAN, STD)
    inputs.suit(backbone)
    assert inputs.channels == 3
    assert inputs.mean.flatten().tolist() == pytest.approx(mean or MEAN)
    assert inputs.std.flatten().tolist() == pytest.approx(std or STD)
    assert backbone.gains == [(GAIN, 0)] * differences
    frames = torch.rand(1, 1, 3, 2, 2)
    expected = WindowInput(1, False, differences, mean or MEAN, std or STD)(frames)
    assert inputs(frames).equal(expected)


@pytest.mark.parametrize(("shown", "told"), [("background", 1), ("previous", 1), ("grey", 0)])
def test_frames_tell_the_backbone_of_differences(shown, told):
    inputs, backbone = FrameInput(1, **{shown: True}), Told(MEAN, STD)
    inputs.suit(backbone)
    assert backbone.gains == [(GAIN, 0)] * told
    assert inputs.mean.flatten().tolist() == pytest.approx(MEAN)


def test_the_state_of_a_network_does_not_hold_them():
    # They come from the backbone's record, which a checkpoint carries.
    inputs = WindowInput(3, False, False, MEAN, STD)
    assert inputs.state_dict() == {}
    assert inputs.double().mean.dtype == torch.float64  # but they move with the network
