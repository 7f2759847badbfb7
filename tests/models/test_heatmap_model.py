import pytest
import torch

from tracknet.models import ConvBackbone, ConvDetail, HeatmapHead, HeatmapModel, UNetDecoder
from tracknet.models.inputs import FrameInput, WindowInput
from tracknet.models.necks.adapt import adapted, neck
from tracknet.models.temporal import SharedTime, StackTime


def build(
    frames=3, background=False, stride=2, size=(32, 64), norm="batch", detail=True, shared=None
):
    torch.manual_seed(0)
    options = {"mean": [0.5] * 3, "std": [0.25] * 3}
    inputs = (FrameInput if shared else WindowInput)(frames, background, **options)
    time = {"fusion": shared, "norm": norm} if shared else {}
    make = SharedTime if shared else StackTime
    temporal = make(inputs.pictures, inputs.channels, frames, **time)
    backbone = ConvBackbone((8, 12, 16), norm=norm, in_channels=temporal.in_channels)
    features = temporal.attach(backbone.features, stride)
    layouts = {"pyramid": adapted(features, "pyramid", stride)}
    out_size = size[0] // stride, size[1] // stride
    decoder = UNetDecoder.from_features(layouts, out_size, stride)
    between = neck(features, layouts[decoder.layout])
    head = HeatmapHead(decoder.out_channels, temporal.out_channels)
    channels = temporal.in_channels, decoder.out_channels
    if detail:
        temporal.attach_detail(decoder.out_channels)
    path = ConvDetail(*channels, out_size, stride, (4, 6), norm) if detail else None
    return HeatmapModel(inputs, temporal, backbone, between, decoder, head, stride, path)


@pytest.mark.parametrize("frames", [1, 3, 8])
@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_one_map_per_frame(frames, stride):
    model = build(frames, stride=stride)
    assert (model.frames, model.background) == (frames, False)
    assert model(torch.rand(2, frames, 3, 32, 64)).shape == (2, frames, 32 // stride, 64 // stride)


def test_everything_learns_from_raw_logits():
    model = build(background=True)
    assert model.background
    frames = torch.rand(2, 3, 3, 32, 64, requires_grad=True)
    background = torch.rand(2, 3, 32, 64, requires_grad=True)
    logits = model(frames, background)
    assert logits.max() < 0  # the prior: no sigmoid has been applied
    logits.square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    assert (frames.grad.abs().sum((2, 3, 4)) > 0).all()
    assert background.grad.abs().sum() > 0


def test_trained_on_crops_it_predicts_whole_frames():
    model = build(size=(32, 64))
    model(torch.rand(2, 3, 3, 16, 24)).mean().backward()
    assert model(torch.rand(1, 3, 3, 16, 24)).shape == (1, 3, 8, 12)
    model.eval()
    with torch.no_grad():
        small = model(torch.rand(1, 3, 3, 32, 64))
        large = model(torch.rand(1, 3, 3, 96, 64))
    assert (small.shape, large.shape) == ((1, 3, 16, 32), (1, 3, 48, 32))


def test_a_larger_frame_gives_a_crops_logits_inside_it():
    model = build(norm="none").eval()
    for module in model.modules():
        if isinstance(module, torch.nn.GroupNorm):  # its statistics are the frame's
            module.num_groups = 1
            module.forward = lambda x: x
    frames = torch.rand(1, 3, 3, 96, 160)
    with torch.no_grad():
        whole, crop = model(frames), model(frames[..., 16:80, 32:128])
    inner = slice(13, -13)
    torch.testing.assert_close(
        crop[..., inner, inner], whole[..., 8:40, 16:64][..., inner, inner], atol=1e-5, rtol=1e-4
    )


def test_a_window_does_not_depend_on_the_others_of_its_batch():
    model, frames = build().eval(), torch.rand(3, 3, 3, 32, 64)
    with torch.no_grad():
        torch.testing.assert_close(model(frames)[1:2], model(frames[1:2]), atol=1e-5, rtol=1e-4)


def test_encode_then_decode_is_forward():
    model = build(background=True).eval()
    frames, background = torch.rand(2, 3, 3, 32, 64), torch.rand(2, 3, 32, 64)
    with torch.no_grad():
        features, detail = encoded = model.encode(frames, background)
        assert [tuple(f.shape) for f in features] == [(2, 8, 16, 32), (2, 12, 8, 16), (2, 16, 4, 8)]
        assert detail.shape == (2, 8, 16, 32)
        assert model.decode(encoded, (16, 32)).equal(model(frames, background))


def test_detail_is_added_to_the_decoders_map():
    model, frames = build().eval(), torch.rand(2, 3, 3, 32, 64)
    with torch.no_grad():
        features, detail = model.encode(frames)
        maps = model.decoder(features, (16, 32)) + detail
        assert model(frames).equal(model.head(maps))
        alone = build(detail=False).eval()
        assert alone.encode(frames)[1] is None
        assert alone(frames).shape == (2, 3, 16, 32)


@pytest.mark.parametrize("shared", ["conv", "attention"])
@pytest.mark.parametrize("detail", [True, False])
def test_what_is_seen_of_frames_one_by_one_makes_the_window(shared, detail):
    model = build(background=True, shared=shared, detail=detail).eval()
    frames, background = torch.rand(2, 3, 3, 32, 64), torch.rand(2, 3, 32, 64)
    assert model.framewise
    with torch.no_grad():
        alone = model.see(frames.flatten(0, 1)[:, None], background.repeat_interleave(3, 0))
        logits = model.decode(model.fuse(alone), (16, 32))
        assert logits.shape == (2, 3, 16, 32)
        torch.testing.assert_close(logits, model(frames, background), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shared", ["conv", "attention"])
@pytest.mark.parametrize("frames", [1, 3])
def test_everything_learns_where_frames_are_seen_one_by_one(shared, frames):
    model = build(frames, background=True, shared=shared)
    window, still = torch.rand(2, frames, 3, 32, 64, requires_grad=True), torch.rand(2, 3, 32, 64)
    model(window, still).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert (window.grad.abs().sum((2, 3, 4)) > 0).all()


@pytest.mark.parametrize("background", [False, True])
def test_a_blank_window_is_one_that_it_takes(background):
    model = build(background=background)
    frames, still = model.blank((32, 64))
    assert frames.shape == (1, 3, 3, 32, 64)
    assert (still is not None) == background
    assert model(frames, still).shape == (1, 3, 16, 32)


def test_wrong_windows_are_refused():
    with pytest.raises(ValueError, match="the window has 2 frames; expected 3"):
        build()(torch.rand(1, 2, 3, 32, 64))
    with pytest.raises(ValueError, match="background"):
        build(background=True)(torch.rand(1, 3, 3, 32, 64))
