"""Encode and decode are one object: what goes in comes out, to a fraction of a pixel."""

import pytest
import torch

from tracknet.codecs import DiscCodec, GaussianCodec, OffsetCodec
from tracknet.geometry import scale_points

SIZE = (32, 48)


def positions(n, border, seed=0):
    inner = torch.tensor([SIZE[1] - 1 - 2 * border, SIZE[0] - 1 - 2 * border])
    return border + torch.rand(n, 2, generator=torch.Generator().manual_seed(seed)) * inner


def encode(xy, visibility=None, stride=1, **codec):
    """Targets of one ball a map, at (..., 2) pixels of the network."""
    visibility = torch.ones(xy.shape[:-1]) if visibility is None else torch.tensor(visibility)
    return GaussianCodec(**codec).encode(xy[..., None, :], visibility[..., None], SIZE, stride)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("radius", [2, 3])
@pytest.mark.parametrize("sigma", [1.0, 1.25, 1.5])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_round_trip(stride, sigma, radius, dtype):
    codec, xy = GaussianCodec(sigma, 1, radius), scale_points(positions(200, border=5), stride)
    target, _ = encode(xy, stride=stride, sigma=sigma)
    found = codec.decode(target, stride)[:, 0]
    assert (found[:, :2] - xy).norm(dim=-1).max() < 0.05 * stride
    assert (found[:, 2] == 1).all()
    # From the logits of a network that says 1% where there is nothing, as the head's prior does.
    for floor in (1e-6, 1e-2):
        heatmap = codec.probability(target.clamp(floor, 1 - floor).logit().to(dtype))
        found = codec.decode(heatmap, stride)[:, 0]
        assert heatmap.dtype == found.dtype == torch.float32
        assert (found[:, :2] - xy).norm(dim=-1).max() < 0.1 * stride


def test_a_map_is_centred_on_its_pixels_of_the_network():
    # Cell (20, 10) of stride 4 covers columns 80 to 83 and rows 40 to 43.
    target, _ = encode(torch.tensor([[81.5, 41.5]]), stride=4)
    assert target[0].argmax() == 10 * SIZE[1] + 20
    torch.testing.assert_close(target[0, :, 18:20], target[0, :, 21:23].flip(1))
    torch.testing.assert_close(target[0, 8:10], target[0, 11:13].flip(0))
    assert GaussianCodec().decode(target, 4)[0, 0].tolist() == pytest.approx([81.5, 41.5, 1])


def test_at_the_border_the_ball_is_not_pulled_inside():
    codec, xy = GaussianCodec(1.5), positions(5000, border=-0.45)
    edge = (xy.min(1).values < 1) | (xy > torch.tensor(SIZE[::-1]) - 2).any(1)
    xy = xy[edge]
    target, _ = encode(xy, sigma=1.5)
    error = (codec.decode(target, 1)[:, 0, :2] - xy).abs()
    assert error.max() < 0.5
    assert error.mean() < 0.15


def test_the_target_is_a_gaussian_scaled_to_1_at_the_nearest_pixel():
    target, weight = encode(torch.tensor([[20.3, 10.8]]), sigma=1.5)
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(48.0), indexing="ij")
    gaussian = torch.exp(-((columns - 20.3) ** 2 + (rows - 10.8) ** 2) / (2 * 1.5**2))
    torch.testing.assert_close(target[0], gaussian / gaussian[11, 20])
    assert weight.tolist() == [1]


def test_the_nearest_pixel_is_exactly_1_and_no_other():
    xy = positions(500, border=0)
    target, _ = encode(xy)
    column, row = xy.round().long().T
    assert (target[torch.arange(500), row, column] == 1).all()
    assert ((target == 1).sum((1, 2)) == 1).all()
    assert target.max() == 1


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [
        (-0.4, 10, True),
        (-0.6, 10, False),
        (47.4, 10, True),
        (47.6, 10, False),
        (10, -0.6, False),
        (10, 31.4, True),
        (10, 31.6, False),
        (1e30, 10, False),
        (10, float("-inf"), False),
    ],
)
def test_outside_the_map_there_is_no_ball_but_it_is_trained_on(x, y, inside):
    target, weight = encode(torch.tensor([[x, y]]))
    assert target.isfinite().all()
    assert (target.max() == 1) == inside
    assert inside or target.max() == 0
    assert weight.tolist() == [1]


def test_visibility():
    nan = float("nan")
    xy = torch.tensor([[[9.0, 9], [9, 9], [9, 9], [9, 9]], [[nan, nan]] * 4])
    target, weight = encode(xy, [[-1, 0, 1, 3], [-1, 0, -1, 0]])
    assert target.shape == (2, 4, *SIZE)
    assert weight.tolist() == [[0, 1, 1, 1], [0, 1, 0, 1]]
    assert target.amax((-2, -1)).tolist() == [[0, 0, 1, 1], [0, 0, 0, 0]]


def test_the_k_best_come_in_order():
    xy = torch.tensor([[8.25, 8], [30.5, 8], [8, 24.75], [40, 25]])
    height = torch.tensor([0.4, 0.9, 0.6, 0.2])
    target, _ = encode(xy)
    heatmap = (target * height[:, None, None]).amax(0)
    found = GaussianCodec(candidates=3).decode(heatmap, 1)
    assert found.shape == (3, 3)
    torch.testing.assert_close(found[:, :2], xy[[1, 2, 0]], atol=0.05, rtol=0)
    torch.testing.assert_close(found[:, 2], height[[1, 2, 0]])


@pytest.mark.parametrize("xy", [(20.3, 10.8), (20.5, 10.8), (20.5, 10.5)])
def test_a_ball_is_one_candidate(xy):
    target, _ = encode(torch.tensor([xy]))
    found = GaussianCodec(candidates=5).decode(target, 1)[0]
    assert found[0].tolist() == pytest.approx([*xy, 1], abs=0.02)
    assert (found[1:, 2] == 0).all()


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_peaks_are_the_first_highest_of_their_surroundings(radius):
    h, w = size = 9, 13
    steps = torch.randint(1, 9, (20, *size), generator=torch.Generator().manual_seed(0))
    maps = steps / 10  # many equals
    found = GaussianCodec(candidates=h * w, radius=radius).decode(maps, 1)
    for heatmap, candidates in zip(maps, found, strict=True):
        expected = []
        for y, x in torch.cartesian_prod(torch.arange(h), torch.arange(w)).tolist():
            top, left = max(y - radius, 0), max(x - radius, 0)
            window = heatmap[top : y + radius + 1, left : x + radius + 1]
            first = divmod(int(window.argmax()), window.shape[1])
            expected += [heatmap[y, x].item()] * (first == (y - top, x - left))
        scores = candidates[:, 2][candidates[:, 2] > 0]
        assert scores.tolist() == sorted(expected, reverse=True)


def test_two_balls_share_a_map():
    xy = positions(60, border=0).view(30, 2, 2)
    both, _ = GaussianCodec().encode(xy, torch.ones(30, 2), SIZE, 1)
    for i in (0, 1):
        (alone, _), gone = encode(xy[:, i]), torch.zeros(30, 2)
        gone[:, i] = 1
        assert (both >= alone).all()
        masked, weight = GaussianCodec().encode(xy, gone, SIZE, 1)
        assert masked.equal(alone)
        assert (weight == 1).all()
    assert both.equal(torch.maximum(encode(xy[:, 0])[0], encode(xy[:, 1])[0]))
    found = GaussianCodec().decode(both, 1)[:, :2]
    apart = (xy[:, 0] - xy[:, 1]).abs().amax(-1) > 8
    assert apart.sum() > 15
    distance = torch.cdist(found[..., :2], xy)[apart]
    assert distance.amin(1).max() < 0.5  # as at the border


@pytest.mark.parametrize("others", [[0, 0], [1, 0], [2, 1], [1, -1]])
def test_a_map_with_an_unlabelled_ball_is_not_trained_on(others):
    xy = torch.tensor([[[5.0, 5], [20, 20], [torch.nan, torch.nan]]])
    target, weight = GaussianCodec().encode(xy, torch.tensor([[*others, -1]]), SIZE, 1)
    assert target.isfinite().all()
    assert weight.tolist() == [0]


def test_a_saturated_peak_is_found_in_its_middle():
    logits = torch.full((2, *SIZE), -9.0)
    logits[0, 10:13, 20:23] = 1e4
    logits[1, 10, 20:22] = 50.0  # float32 has no probability between this one and 1
    codec = GaussianCodec()
    found = codec.decode(codec.probability(logits), 1)
    assert found.isfinite().all()
    torch.testing.assert_close(
        found[:, 0], torch.tensor([[21.0, 11, 1], [20.5, 10, 1]]), atol=0.02, rtol=0
    )


def test_a_flat_map_and_a_tiny_map_are_decoded_as_well():
    codec = GaussianCodec(candidates=5)
    assert codec.decode(torch.full((2, 3, *SIZE), 0.5), 2).shape == (2, 3, 5, 3)
    assert codec.decode(torch.zeros(1, *SIZE), 2).isfinite().all()
    assert codec.decode(torch.ones(1, 1, 3), 2).shape == (1, 3, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_offsets_place_a_ball_where_it_is(stride, dtype):
    codec, xy = OffsetCodec(candidates=1), scale_points(positions(200, border=0), stride)
    target, weight = codec.encode(xy[:, None, None], torch.ones(200, 1, 1), SIZE, stride)
    assert target.shape == (200, 1, codec.maps, *SIZE)
    assert weight.shape == (200, 1)
    exact = codec.decode(target, stride)[:, 0, 0]
    assert (exact[:, :2] - xy).norm(dim=-1).max() < 1e-3 * stride
    logits = target.clone()
    logits[:, :, 0] = target[:, :, 0].clamp(0.01, 0.99).logit()
    maps = codec.probability(logits.flatten(1, 2).to(dtype))
    torch.testing.assert_close(codec.heatmap(maps), target[:, :, 0], atol=0.02, rtol=0)
    found = codec.decode(maps, stride)[:, 0, 0]
    assert (found[:, :2] - xy).norm(dim=-1).max() < (
        0.01 if dtype == torch.float32 else 0.1
    ) * stride


def test_offsets_are_those_to_the_nearest_ball_that_is_seen():
    xy = torch.tensor([[10.0, 8], [30, 20], [11, 9]])
    target, weight = OffsetCodec().encode(xy, torch.tensor([1, 2, 0]), SIZE, 1)
    assert target[1:, 9, 12].tolist() == [-2, -1]
    assert target[1:, 21, 28].tolist() == [2, -1]
    assert weight == 1
    nothing, _ = OffsetCodec().encode(torch.full((1, 2), torch.nan), torch.tensor([0]), SIZE, 1)
    assert (nothing == 0).all()


def test_frames_of_maps_keep_their_order():
    codec = OffsetCodec(candidates=1)
    xy, seen = torch.tensor([[[[8.0, 8]], [[20.3, 9]], [[40, 30.7]]]]), torch.ones(1, 3, 1)
    target, _ = codec.encode(xy, seen, SIZE, 1)
    found = codec.decode(codec.probability(target.flatten(1, 2)), 1)
    torch.testing.assert_close(found[0, :, 0, :2], xy[0, :, 0])


def discs(*places, **codec):
    xy = torch.tensor(places)[None]
    return DiscCodec(**codec).encode(xy, torch.ones(1, len(places)), SIZE, 1)[0]


def test_a_disc_is_theirs():
    # WASB's binary map round (10, 7) with r = 2.5; a centre is cut down, not rounded.
    for place in ((10.0, 7.0), (10.9, 7.9)):
        target = discs(place)[0]
        assert target.sum() == 21
        assert target[7, 6:15].tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0]
        assert target[5, 6:15].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert (
        DiscCodec().encode(torch.tensor([[[10.0, 7.0]]]), torch.zeros(1, 1), SIZE, 1)[0].sum() == 0
    )
    assert discs((-1.0, 5.0)).sum() == 0


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_disc_comes_back_within_half_a_pixel_without_a_bias(stride):
    codec, xy = DiscCodec(), scale_points(positions(200, border=5), stride)
    target, _ = codec.encode(xy[:, None], torch.ones(200, 1), SIZE, stride)
    found = codec.decode(target, stride)[:, 0]
    assert (found[:, :2] - xy).abs().max() <= 0.5 * stride + 1e-3
    assert (found[:, :2] - xy).mean(0).abs().max() < 0.1 * stride
    assert (found[:, 2] == 1).all()


def test_plateaus_come_by_their_weight_and_peaks_below_the_level_after_them():
    maps = torch.zeros(1, *SIZE)
    maps[0, 4:6, 4:6] = 0.9
    maps[0, 20, 20:24] = torch.tensor([0.6, 0.7, 0.8, 0.9])
    maps[0, 21, 24] = 0.9  # hangs on by a corner
    maps[0, 10, 40] = 0.4
    found = DiscCodec().decode(maps, 1)[0]
    assert found[:, 2].tolist() == pytest.approx([0.5 + 3.9 / 42, 0.5 + 3.6 / 42, 0.4, 0, 0])
    x = (20 * 0.6 + 21 * 0.7 + 22 * 0.8 + 23 * 0.9 + 24 * 0.9) / 3.9 + 0.5
    assert found[0, :2].tolist() == pytest.approx([x, 20 + 0.9 / 3.9 + 0.5], abs=1e-5)
    assert found[1, :2].tolist() == pytest.approx([5, 5])
    assert found[2, :2].tolist() == pytest.approx([40, 10], abs=1e-3)
    plain = DiscCodec(weighted=False).decode(maps, 1)[0]
    assert plain[0].tolist() == pytest.approx([22.5, 20.7, 0.5 + 5 / 42], abs=1e-5)


def test_a_map_without_a_plateau_has_its_peaks():
    maps = 0.3 * encode(torch.tensor([[11.3, 6.8]]))[0]
    torch.testing.assert_close(DiscCodec().decode(maps, 1), GaussianCodec().decode(maps, 1))
