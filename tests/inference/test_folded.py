"""A folded network says what the plain one says."""

from functools import partial

import numpy as np
import pytest
import torch

from tracknet.data.batch import to_unit
from tracknet.inference.folded import folds, with_norms_folded
from tracknet.inference.network import TorchNetwork
from tracknet.network import build_model

SIZE = (32, 64)
CODEC = {"_target_": "tracknet.codecs.OffsetCodec"}


def windows(count=2, background=True):
    """Frames (B,3,H,W,3) and backgrounds (B,H,W,3) of bytes."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 4, *SIZE, 3), np.uint8)
    return pixels[:, 1:].copy(), pixels[:, 0] if background else None


@pytest.fixture
def network(small):
    return partial(made, small)


def made(small, **parts):
    """A network that has seen something, so that its norms are no identities."""
    torch.manual_seed(0)
    config = {**small, "image_size": list(SIZE), "codec": CODEC}
    for part, settings in parts.items():
        config[part] = {**config[part], **settings} if isinstance(settings, dict) else settings
    model = build_model(config)
    frames, background = windows(8, model.background)
    with torch.no_grad():
        for _ in range(5):
            still = None if background is None else to_unit(torch.from_numpy(background))
            model.train()(to_unit(torch.from_numpy(frames)), still)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval()


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("differences", [True, False])
@pytest.mark.parametrize(("norm", "stem"), [("batch", 2), ("group", 1), ("none", 2)])
def test_it_says_the_same(network, background, differences, norm, stem):
    model = network(
        inputs={"background": background, "differences": differences, "mean": [0.3, 0.4, 0.5]},
        backbone={"norm": norm, "stem": stem},
        decoder={"norm": norm},
    )
    frames, still = windows(background=background)
    with torch.inference_mode():
        seen = None if still is None else to_unit(torch.from_numpy(still))
        expected = model(to_unit(torch.from_numpy(frames)), seen)
    running = TorchNetwork(model, precision="float32")
    assert folds(model)
    torch.testing.assert_close(running(frames, still), expected, atol=2e-4, rtol=1e-4)
    # The model itself is as it was.
    with torch.inference_mode():
        torch.testing.assert_close(model(to_unit(torch.from_numpy(frames)), seen), expected)


def test_norms_that_are_folded_are_gone_and_nothing_else_changes(network):
    model = network()
    folded = with_norms_folded(model)
    assert not [each for each in folded.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    x = to_unit(torch.from_numpy(windows()[0])), to_unit(torch.from_numpy(windows()[1]))
    with torch.inference_mode():
        torch.testing.assert_close(folded(*x), model(*x), atol=1e-4, rtol=1e-4)


def test_what_has_another_way_to_its_pictures_is_left_as_it_is(network):
    detail = {"_target_": "tracknet.models.ConvDetail", "widths": [4]}
    model = network(detail=detail)
    assert not folds(model)
    frames, still = windows()
    with torch.inference_mode():
        expected = model(to_unit(torch.from_numpy(frames)), to_unit(torch.from_numpy(still)))
    torch.testing.assert_close(TorchNetwork(model, precision="float32")(frames, still), expected)
