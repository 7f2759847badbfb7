"""The picture grid of an epoch shows what was found, missed and false, and can be read."""

import cv2
import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from omegaconf import OmegaConf

from tracknet.metrics import Outcome
from tracknet.pipelines.heatmaps import HeatmapTask
from tracknet.training.callbacks import PredictionGrid
from tracknet.training.callbacks.pictures import Place, choose
from tracknet.training.grid import BAND, GAP, HEIGHT, LABEL, PREDICTION, SAID, Seen, grid

TP, FP1, FP2, FN, TN = Outcome.TP, Outcome.FP1, Outcome.FP2, Outcome.FN, Outcome.TN


def places(*outcomes):
    return [Place((0, i), 0, outcome, 0.0, np.zeros(3)) for i, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("there", "count", "shown"),
    [
        ([TP] * 90 + [FN] * 5 + [FP2] * 3 + [FP1] * 2, 6, [TP, TP, FN, FN, FP2, FP1]),
        ([TP] * 90 + [FP2], 4, [TP, TP, TP, FP2]),
        ([TN] * 50 + [FN], 3, [FN, TN, TN]),
        ([TP, TN], 6, [TP, TN]),
        ([Outcome.UNSCORED], 6, []),
        ([], 6, []),
    ],
)
def test_kinds_take_turns(there, count, shown):
    assert [place.outcome for place in choose(places(*there), count)] == shown


def test_a_kind_is_spread_over_the_validation_set():
    chosen = choose(places(*[TP] * 60), 3)
    assert [place.window[1] for place in chosen] == [10, 30, 50]


def seen(size, clip="val/a", number=0, label=None):
    """A ball in the middle, white on black, found two pixels to the right."""
    h, w = size
    frame = np.zeros((*size, 3), np.uint8)
    frame[h // 2, w // 2] = 255
    ball = np.array([w // 2, h // 2], float)
    label = ball if label is None else label
    heatmap = np.zeros((h // 2, w // 2), np.float32)
    heatmap[h // 4, w // 4] = 1
    return Seen(clip, number, TP, 2.0, 0.9, label, ball + np.array([2.0, 0.0]), frame, heatmap)


def places_of(picture, colour):
    """Mean (x, y) of the pixels of a colour, below the titles."""
    ys, xs = np.nonzero((picture[3 * BAND :] == colour).all(-1))
    return xs, ys + 3 * BAND


@pytest.mark.parametrize("size", [(32, 64), (64, 64), (288, 512), (544, 960), (96, 32)])
def test_the_ball_is_marked_and_enlarged_at_every_size(size):
    picture = grid("Epoch 0", [seen(size)])
    wide = round(HEIGHT * size[1] / size[0])
    assert picture.shape == (3 * BAND + HEIGHT + GAP, 2 * wide + 2 * HEIGHT + 5 * GAP, 3)
    xs, ys = places_of(picture, LABEL)
    scale, enlarged = HEIGHT / min(48, *size), GAP + wide + GAP
    near = (xs >= enlarged) & (xs < enlarged + HEIGHT)
    middle = xs[near].mean() - enlarged, ys[near].mean() - 3 * BAND
    assert middle == pytest.approx((HEIGHT / 2 + scale / 2,) * 2, abs=1.5)
    red, _ = places_of(picture, PREDICTION)
    assert red[(red >= enlarged)].mean() - xs[near].mean() == pytest.approx(2 * scale, abs=1.5)
    assert (picture[3 * BAND :, enlarged : enlarged + HEIGHT] == 255).all(-1).any()


def test_titles_of_any_name_stay_within_the_picture():
    names = ["val/" + "long/" * 200, "\\udcff\u7403<&", ""]
    rows = [seen((32, 64), name, number) for number, name in enumerate(names)]
    picture = grid("Epoch 0", rows)
    assert picture.shape[1] == grid("Epoch 0", rows[-1:]).shape[1]
    assert (picture[:, -GAP:] == picture[0, 0]).all()


def test_it_is_of_the_balls_that_validation_found_and_missed(compose, tiny_data, tmp_path):
    settings = [*tiny_data, "backbone=conv", "decoder=unet", "backbone.widths=[8,16,16]"]
    config = compose("train", [*settings, f"paths.output={tmp_path}"])
    trainer = Trainer(max_epochs=1, logger=False, accelerator="cpu")
    own = HeatmapTask().assemble(OmegaConf.to_container(config, resolve=True), trainer)
    module, windows = own.module.eval(), own.data.val_windows
    for i in range(len(windows)):
        raw = windows.batch([i])
        xy = torch.nan_to_num(raw["xy"][:, :, 0], nan=5.0)
        score = torch.full((*xy.shape[:2], 1), 0.9)
        score[:, 1] = 0.01  # too low
        module.validation.add(raw["window"], torch.cat([xy, score], -1))
    module.validation.figures()
    with torch.no_grad():
        PredictionGrid(tmp_path / "images", 4).on_validation_end(trainer, module)
    (file,) = (tmp_path / "images").iterdir()
    assert file.name == "epoch_000.png"
    picture = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    bands = [picture[2 * BAND + i * (BAND + HEIGHT + GAP) :][:BAND] for i in range(4)]
    titled = [
        next(kind for kind, (_, colour) in SAID.items() if (band == colour).all(-1).any())
        for band in bands
    ]
    labels = windows.clips[0].labels.visibility
    assert titled == ([TP, TP, FN, FN] if (labels > 0).all() else [TP, TP, FN, FP2])
