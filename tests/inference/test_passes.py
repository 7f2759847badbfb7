"""Windows that overlap cost one pass a frame, and nobody can tell by what comes out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tracknet.codecs import GaussianCodec
from tracknet.data.batch import to_unit
from tracknet.geometry import Letterbox
from tracknet.inference import backgrounds
from tracknet.inference.backgrounds import Shot
from tracknet.inference.network import FrameNetwork, TorchFrameNetwork, torch_network
from tracknet.inference.overlap import OVERLAPS
from tracknet.inference.passes import CachedFrames, WholeWindows, passes_of
from tracknet.inference.predictor import Predictor
from tracknet.network import build_model
from tracknet.windows import windows

SIZE, T = (32, 64), 3
DETAIL = {"_target_": "tracknet.models.ConvDetail", "widths": [4]}
TOKENS = {
    "backbone": {
        "_target_": "tracknet.models.ViTBackbone",
        "cfg": {
            "_target_": "tracknet.models.ViTBackboneConfig",
            "pretrained_model_name": "none",
            "use_pretrained": False,
            "fallback_dim": 8,
            "patch_size": 8,
        },
    },
    "decoder": {
        "_target_": "tracknet.models.UpsamplingDecoder.from_features",
        "widths": [8, 6],
    },
}


@pytest.fixture(scope="module")
def shared(small):
    """Makes a network that sees frames by themselves, of other parts if wanted."""

    def make(background=True, fusion="conv", frames=T, **parts) -> TorchFrameNetwork:
        torch.manual_seed(0)
        inputs = {"_target_": "tracknet.models.FrameInput", "background": background}
        temporal = {"_target_": "tracknet.models.SharedTime", "fusion": fusion}
        config = {**small, "image_size": list(SIZE), "frames": frames}
        model = build_model({**config, "inputs": inputs, "temporal": temporal, **parts})
        for name, value in model.named_buffers():  # norms that are no identities
            if name.endswith(("running_mean", "running_var")):
                value += 0.3 * torch.rand_like(value)
        for parameter in model.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        return torch_network(model, torch.device("cpu"))

    return make


def counted(network):
    """The same network, and the list that grows by how many frames it is given."""
    encode, given = network.encode, []

    def count(frames, background):
        given.append(len(frames))
        return encode(frames, background)

    network.encode = count
    return network, given


def video(count, chunks=1):
    """Frames, and one background for each chunk of them."""
    pixels = np.random.default_rng(0).integers(0, 256, (count + chunks, *SIZE, 3), np.uint8)
    stills = [pixels[i] for i in range(chunks)]
    return [Shot(pixels[chunks + i], stills[i * chunks // count]) for i in range(count)]


def run(passes, shots, step=1, batch=2, frames=T):
    each = list(windows(shots, frames, step))
    return torch.cat([passes(each[i : i + batch]) for i in range(0, len(each), batch)])


@pytest.mark.parametrize("parts", [{}, {"detail": DETAIL}, TOKENS, {**TOKENS, "detail": DETAIL}])
@pytest.mark.parametrize("fusion", ["conv", "attention"])
@pytest.mark.parametrize("background", [True, False])
def test_each_frame_is_seen_once_and_the_heatmaps_are_those_of_whole_windows(
    shared, parts, fusion, background
):
    network, given = counted(shared(background, fusion, **parts))
    shots = video(9)
    found = run(passes_of(network), shots)
    assert sum(given) == 9
    assert isinstance(network, FrameNetwork)
    torch.testing.assert_close(found, run(WholeWindows(network), shots), atol=1e-5, rtol=0)
    # And of the network as it is trained.
    each = list(windows(shots, T, 1))
    frames = np.stack([[shot.frame for shot in window.items] for window in each])
    still = np.stack([shots[0].background] * len(each)) if background else None
    with torch.inference_mode():
        seen = None if still is None else to_unit(torch.from_numpy(still))
        expected = network.model(to_unit(torch.from_numpy(frames)), seen)
    torch.testing.assert_close(found.sigmoid(), expected.sigmoid(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("frames", [1, 3, 5])
@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("step", ["one", "whole"])
def test_short_clips_and_separate_windows(shared, frames, count, step):
    network, given = counted(shared(frames=frames))
    shots, step = video(count), 1 if step == "one" else frames
    found = run(passes_of(network), shots, step, frames=frames)
    assert sum(given) == count
    whole = run(WholeWindows(network), shots, step, frames=frames)
    torch.testing.assert_close(found, whole, atol=1e-5, rtol=0)


def test_behind_another_background_a_frame_is_another_one(shared):
    network, given = counted(shared())
    shots = video(12, chunks=3)
    found = run(passes_of(network), shots)
    assert sum(given) == 12 + 2 * (T - 1)  # windows that begin before a change and end behind it
    torch.testing.assert_close(found, run(WholeWindows(network), shots), atol=1e-5, rtol=0)


def test_backgrounds_that_come_and_go_are_not_taken_for_each_other(shared):
    network = shared()
    shots = video(12)
    fresh = (
        replace(shot, background=np.full((*SIZE, 3), 9 * i, np.uint8))
        for i, shot in enumerate(shots)
    )
    passes = passes_of(network)
    found = torch.cat([passes([window]) for window in windows(fresh, T, 1)])
    kept = [
        replace(shot, background=np.full((*SIZE, 3), 9 * i, np.uint8))
        for i, shot in enumerate(shots)
    ]
    torch.testing.assert_close(found, run(WholeWindows(network), kept), atol=1e-5, rtol=0)


def test_only_what_windows_to_come_can_hold_is_kept(shared):
    passes = CachedFrames(shared())
    for window in windows(iter(video(20)), T, 1):
        passes([window])
        assert len(passes._seen) == T - 1


@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize("live", [False, True])
def test_predictions_are_those_of_whole_windows(shared, overlap, live, monkeypatch):
    monkeypatch.setattr(backgrounds, "CHUNK", 8)
    monkeypatch.setattr(backgrounds, "FIRST", 4)
    monkeypatch.setattr(backgrounds, "EVERY", 6)
    network, given = counted(shared())

    class Whole:
        """The same network for whoever sees whole windows only."""

        frames, background, stride, windows_per_pass = T, True, network.stride, 2

        def __call__(self, frames, background):
            return network(frames, background)

    over = [
        Predictor(one, GaussianCodec(), SIZE, Letterbox, 0.5, overlap, batch_size=2)
        for one in (network, Whole())
    ]
    frames = [shot.frame for shot in video(17)]
    frames[5] = frames[4]  # a repeat
    found, expected = (
        np.stack([row.candidates for row in one.stream(frames, live=live)]) for one in over
    )
    np.testing.assert_allclose(found[..., 2], expected[..., 2], atol=1e-5)
    np.testing.assert_allclose(found[:, 0, :2], expected[:, 0, :2], atol=1e-2)
    assert sum(given) <= 17 + 2 * (T - 1)  # the background changes twice at most
    every = [one.every_overlap(np.stack(frames))[overlap] for one in over]
    np.testing.assert_allclose(every[0][..., 2], every[1][..., 2], atol=1e-5)


@pytest.mark.parametrize("fails", ["encode", "join"])
def test_a_batch_that_does_not_fit_is_halved(shared, fails):
    network = shared()
    frames = np.stack([shot.frame for shot in video(16)])
    options = {"overlap": "mean", "batch_size": 8}
    codec = GaussianCodec()
    expected = Predictor(network, codec, SIZE, Letterbox, 0.5, **options).network_frames(
        frames, frames[0]
    )
    whole, most = getattr(network, fails), {"encode": 4, "join": 2 * T}[fails]

    def small(seen, rest):
        if len(seen) > most:
            raise torch.OutOfMemoryError("no memory")
        return whole(seen, rest)

    setattr(network, fails, small)
    model = Predictor(network, codec, SIZE, Letterbox, 0.5, **options)
    found = model.network_frames(frames, frames[0])
    np.testing.assert_allclose(found[..., 2], expected[..., 2], atol=1e-5)
    assert model.batch_size == 2


def test_a_stacked_network_sees_whole_windows(small):
    network = torch_network(build_model(small), torch.device("cpu"))
    assert not isinstance(network, FrameNetwork)
    assert isinstance(passes_of(network), WholeWindows)


def test_bfloat16_moves_the_scores_little(shared):
    exact = shared()
    rough = TorchFrameNetwork(exact.model, precision="bfloat16")
    shots = video(6)
    found, expected = (run(passes_of(one), shots).sigmoid() for one in (rough, exact))
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() < 0.05
