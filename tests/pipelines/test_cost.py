"""The cost of a network is that of its convolutions, each frame's counted once."""

import pytest

from tracknet.network import build_model
from tracknet.pipelines.cost import gflop

SIZE = 32, 64


@pytest.fixture
def config():
    """A network of a stem of 4 channels, 2x2 patches, and a head; T = 3."""
    return {
        "image_size": SIZE,
        "frames": 3,
        "heatmap_stride": 2,
        "inputs": {"_target_": "tracknet.models.FrameInput", "background": True},
        "temporal": {"_target_": "tracknet.models.SharedTime"},
        "backbone": {"_target_": "tracknet.models.ConvBackbone", "widths": [4], "depth": 0},
        "decoder": {"_target_": "tracknet.models.UNetDecoder.from_features"},
        "detail": {},
        "head": {"_target_": "tracknet.models.HeatmapHead"},
        "codec": {"_target_": "tracknet.codecs.GaussianCodec"},
    }


def test_a_frame_and_a_window_of_shared_features(config):
    pixels = 16 * 32
    frame, window = gflop(build_model(config).eval(), SIZE)
    assert frame * 1e9 == pytest.approx(2 * pixels * 4 * 6 * 2 * 2)
    fused, head = 3 * 4 * 4, 9 * 4 * 4 + 4 * 3
    assert window * 1e9 == pytest.approx(2 * pixels * (fused + head))


def test_of_a_stacked_network_all_is_a_windows(config):
    config["temporal"] = {"_target_": "tracknet.models.temporal.StackTime"}
    frame, window = gflop(build_model(config).eval(), SIZE)
    assert frame == 0
    assert window * 1e9 == pytest.approx(2 * 16 * 32 * (4 * 18 * 4 + 9 * 4 * 4 + 4 * 3))
