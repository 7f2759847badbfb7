"""From frames to positions."""

import time

import numpy as np
import pytest
import torch

from tracknet.codecs import GaussianCodec
from tracknet.errors import InputError, InputWarning
from tracknet.geometry import Letterbox
from tracknet.inference import backgrounds
from tracknet.inference.network import TorchNetwork
from tracknet.inference.overlap import OVERLAPS
from tracknet.inference.predictor import DECODED, LOOKAHEAD, Predictor
from tracknet.network import build_model
from tracknet.video import VideoError, read_frames


@pytest.fixture(scope="module")
def network(small):
    torch.manual_seed(0)
    return build_model(small)


def over(network, threshold=0.5, precision="float32", **options) -> Predictor:
    running = TorchNetwork(network, precision=precision)
    return Predictor(running, GaussianCodec(), (64, 96), Letterbox, threshold, **options)


def near(track, xy: np.ndarray, within: float = 1.0) -> None:
    """Asserts that a track finds what is there, and only that."""
    np.testing.assert_array_equal(track.visible, np.isfinite(xy[:, 0]))
    distance = np.linalg.norm((track.xy - xy)[track.visible], axis=1)
    assert distance.max() < within


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("overlap", ["none", "mean"])
@pytest.mark.parametrize("background", [False, True])
def test_a_video_becomes_a_track(predictor, video, stride, overlap, background):
    file, xy = video(23)
    options = {"heatmap_stride": stride, "overlap": overlap, "background": background}
    track = predictor(**options).predict(file)
    near(track, xy)
    assert set(track.source) == {"detected", ""}
    assert np.isnan(track.xy[~track.visible]).all()
    assert (track.score[~track.visible] < 0.15).all()


@pytest.mark.parametrize("size", [(191, 319), (240, 320), (60, 100)], ids=["odd", "4:3", "small"])
def test_original_pixels_at_any_size(predictor, dots, size):
    frames, xy = dots(9, size, radius=size[0] / 40)
    near(predictor().predict(iter(frames)), xy)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("overlap", ["none", "mean"])
def test_every_frame_has_one_prediction(predictor, dots, count, overlap):
    frames, xy = dots(count)
    model = predictor(frames=5, overlap=overlap, batch_size=2)
    rows = list(model.stream(frames))
    assert [row.frame for row in rows] == list(range(count))
    near(model.predict(frames), xy)


def test_no_frames_no_predictions(predictor):
    assert len(predictor().predict([])) == 0


def test_mean_equals_none_for_windows_of_one_frame(predictor, dots):
    frames, _ = dots(11)
    none = predictor(frames=1).predict(frames)
    mean = predictor(frames=1, overlap="mean").predict(frames)
    np.testing.assert_allclose(mean.xy, none.xy, atol=1e-3)


def test_mean_is_the_mean_over_the_windows_that_hold_a_frame(network):
    frames = np.random.default_rng(0).integers(0, 256, (8, 64, 96, 3), dtype=np.uint8)
    still = frames[0]
    model = over(network, overlap="mean")
    total, count = torch.zeros(8, 32, 48), torch.zeros(8, 1, 1)
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        for start in range(6):
            logits = network(pictures[None, start : start + 3], pictures[:1])[0]
            total[start : start + 3] += logits.sigmoid()
            count[start : start + 3] += 1
    expected = GaussianCodec().decode(total / count, 2).numpy()
    found = model.network_frames(frames, still)
    np.testing.assert_allclose(found[..., 2], expected[..., 2], atol=1e-5)
    np.testing.assert_allclose(found[:, 0, :2], expected[:, 0, :2], atol=1e-2)


@pytest.mark.parametrize("count", [2, 9, 10])
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_one_pass_gives_what_each_overlap_gives_alone(network, overlap, count):
    frames = np.random.default_rng(0).integers(0, 256, (count, 64, 96, 3), dtype=np.uint8)
    model = over(network, overlap=overlap, batch_size=2)
    alone, together = (
        found(frames, frames[0]) for found in (model.network_frames, model.every_overlap)
    )
    np.testing.assert_allclose(together[overlap][..., 2], alone[..., 2], atol=1e-5)
    np.testing.assert_allclose(together[overlap][:, 0, :2], alone[:, 0, :2], atol=1e-2)


@pytest.mark.parametrize("overlap", ["none", "mean"])
@pytest.mark.parametrize("background", [True, False], ids=["given", "computed"])
def test_stream_equals_network_frames(network, dots, overlap, background):
    frames, _ = dots(14, (128, 192))
    model = over(network, 0.0, overlap=overlap, batch_size=2)
    box = Letterbox((128, 192), (64, 96))
    small = np.stack([box.resize(frame) for frame in frames])
    still = small[3] if background else None
    found = np.stack([row.candidates for row in model.stream(frames, still)])
    expected = model.network_frames(small, still)
    xy = box.to_original(expected[..., :2].astype(float)).clip(0, (191, 127))
    np.testing.assert_array_equal(found[..., :2], xy)
    np.testing.assert_array_equal(found[..., 2], expected[..., 2])


def test_windows_cross_chunks(predictor, dots, monkeypatch):
    monkeypatch.setattr(backgrounds, "CHUNK", 8)
    frames, xy = dots(21)
    near(predictor(frames=5, background=True).predict(frames), xy)


def test_bfloat16_moves_the_ball_little(network):
    frames = np.random.default_rng(0).integers(0, 256, (6, 64, 96, 3), dtype=np.uint8)
    exact = over(network).network_frames(frames)
    rough = over(network, precision="bfloat16").network_frames(frames)
    assert np.abs(rough[:, 0, 2] - exact[:, 0, 2]).max() < 0.01


def test_a_memmap_is_read_as_it_is(network, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 64, 96, 3), dtype=np.uint8)
    frames.tofile(tmp_path / "frames.u8")
    mapped = np.memmap(tmp_path / "frames.u8", np.uint8, "r", 0, frames.shape)
    model = over(network)
    np.testing.assert_array_equal(model.network_frames(mapped), model.network_frames(frames))


def test_a_letterbox_border_is_never_reported(predictor, dots):
    frames, _ = dots(4, (240, 320))
    for row in predictor(threshold=0.0).stream(frames):
        assert (row.candidates[:, :2] >= 0).all()
        assert (row.candidates[:, :2] <= (319, 239)).all()


def test_the_stream_holds_few_frames(predictor, dots):
    frames, _ = dots(1)
    read = []

    def endless():
        while True:
            read.append(len(read))
            yield frames[0]

    stream = predictor().stream(endless())
    for _ in range(50):
        next(stream)
    assert len(read) < 50 + LOOKAHEAD + DECODED + 20
    stream.close()


def test_of_large_frames_the_stream_holds_few(predictor, dots, monkeypatch):
    monkeypatch.setattr("tracknet.video.threads.WAITING_BYTES", 1)
    frames, _ = dots(1)
    read = []
    stream = predictor(batch_size=1).stream(read.append(0) or frames[0] for _ in range(200))
    next(stream)
    time.sleep(0.3)
    assert len(read) <= 3 + 2 * 3  # a window, and what waits and is in hand on either side
    stream.close()


def test_frames_of_two_sizes_are_refused(predictor):
    frames = [np.zeros((20, 30, 3), np.uint8), np.zeros((20, 32, 3), np.uint8)]
    with pytest.raises(VideoError, match="among frames of"):
        predictor().predict(frames)


def test_choices_are_checked(predictor):
    with pytest.raises(ValueError, match="expected none, mean, weighted, pool"):
        predictor(overlap="max")


def test_rgb_frames_and_the_file_give_the_same_track(predictor, video):
    file, _ = video(9)
    ours, theirs = predictor().predict(file), predictor().predict(read_frames(file))
    np.testing.assert_allclose(ours.xy, theirs.xy, atol=0.1)


def test_what_is_wrong_with_a_file_is_said(predictor, video):
    file, _ = video(9)
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.warns(InputWarning, match=r"rally.mp4: .*[Cc]opy or convert"):
        assert 0 < len(predictor().predict(file)) <= 9


def test_any_network_will_do(predictor, dots):
    """Here one that looks up what another one has said."""
    frames, _ = dots(10)
    model = predictor(batch_size=2)
    network, said = model.network, {}

    class Asked:
        frames, background, stride = network.frames, network.background, network.stride

        def __call__(self, frames, background):
            logits = network(frames, background)
            said.update(zip([window.tobytes() for window in frames], logits.numpy(), strict=True))
            return logits

    class Cached(Asked):
        windows_per_pass = 3

        def __call__(self, frames, background):
            return torch.tensor(np.stack([said[window.tobytes()] for window in frames]))

    model.network = Asked()
    expected = model.predict(frames)
    again = Predictor(Cached(), model.codec, model.image_size, Letterbox, model.threshold)
    np.testing.assert_array_equal(again.predict(frames).xy, expected.xy)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("no memory"), RuntimeError("MPS backend out of memory (...)")]
)
def test_a_batch_that_does_not_fit_is_halved(predictor, dots, error):
    frames, _ = dots(30)
    expected = predictor(batch_size=8).predict(frames)
    small = predictor(batch_size=8)
    whole, sizes = small.network, []

    class Small:
        """A device that holds two windows."""

        frames, background, stride = whole.frames, whole.background, whole.stride

        def __call__(self, frames, background):
            sizes.append(len(frames))
            if len(frames) > 2:
                raise error
            return whole(frames, background)

    small.network = Small()
    track = small.predict(frames)
    np.testing.assert_array_equal(track.xy, expected.xy)
    assert sizes == [8, 4, 2, 2, 4, 2, 2, 2]
    assert small.batch_size == 2


@pytest.mark.parametrize(("overlap", "wait"), [("none", 3), ("mean", 5)])
def test_a_live_stream_waits_for_its_window_only(predictor, dots, overlap, wait):
    frames, xy = dots(100, (96, 160), radius=3)
    given = 0

    def arriving():
        nonlocal given
        for frame in frames:
            given += 1
            yield backgrounds.Shot(frame)

    model = predictor(background=True, overlap=overlap)
    found = []
    shots = backgrounds.with_background(arriving(), live=True)
    for candidates in model._candidates(shots, live=True):
        found.append(candidates[0, :2])
        if len(found) > backgrounds.FIRST:
            assert given - len(found) < wait
    assert len(found) == 100
    seen = np.isfinite(xy[:, 0])
    assert (np.linalg.norm(found - xy, axis=1)[seen] < 1.5).all()


@pytest.mark.parametrize("count", [1, 20])
def test_a_short_live_stream_has_a_prediction_for_every_frame(predictor, dots, count):
    rows = list(predictor(background=True).stream(dots(count)[0], live=True))
    assert [row.frame for row in rows] == list(range(count))


@pytest.mark.parametrize("size", [0, -1, "many"])
def test_a_batch_size_that_is_none_is_named(predictor, size):
    with pytest.raises(InputError, match="batch_size="):
        predictor(batch_size=size)
