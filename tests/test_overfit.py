"""Every pair of backbone and decoder learns one batch by heart: targets, loss and decoder agree."""

from itertools import product

import pytest
import torch
from omegaconf import OmegaConf

from tracknet.build import build
from tracknet.data.batch import Batch
from tracknet.data.store import FrameStore
from tracknet.data.window_dataset import WindowDataset
from tracknet.network import build_model
from tracknet.types import ABSENT

STEPS, EVERY = 300, 10
RATES = {"vit": 1e-3, "convnext": 3e-4, "conv": 1e-3}
PAIRS = list(product(RATES, ["upsampling", "fpn", "unet"]))
WITH_BCE = [("vit", "upsampling"), ("convnext", "fpn"), ("conv", "unet")]
CASES = [(*pair, "focal") for pair in PAIRS] + [(*pair, "bce") for pair in WITH_BCE]


def four_windows(config) -> Batch:
    """The first and the last window with a ball of each of two clips."""
    clips, _ = FrameStore(config["paths"]["store"], (64, 128)).open(
        build(config, "data").clips("train")[0]
    )
    windows = WindowDataset(clips, config["frames"], config["frames"])
    shown = [window for window in windows.windows if windows.highest(*window) > 0]
    each = [[window for window in shown if window[0] == clip] for clip in range(len(clips))]
    windows.windows = [window for mine in each for window in (mine[0], mine[-1])]
    return Batch.of(windows.batch(range(4))).in_unit()


def overfit(model, codec, loss, batch: Batch, lr: float) -> int | None:
    """Trains on one batch; the step at which every ball is found, or None."""
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    size = [side // model.heatmap_stride for side in batch.frames.shape[-2:]]
    target, weight = codec.encode(batch.xy, batch.visibility, size, model.heatmap_stride)
    for step in range(1, STEPS + 1):
        loss(model(batch.frames), target, weight).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % EVERY == 0 and farthest(model, codec, batch) <= 1:
            return step
    return None


@torch.no_grad()
def farthest(model, codec, batch: Batch) -> float:
    """The largest distance of peak and visible ball, heatmap pixels.

    Of both modes: a batch norm's running statistics must have followed as well.
    """
    seen, stride = batch.visibility[..., 0] > ABSENT, model.heatmap_stride
    distances = []
    for training in (False, True):
        heatmaps = codec.probability(model.train(training)(batch.frames))
        away = codec.decode(heatmaps, stride)[:, :, 0, :2] - batch.xy[:, :, 0]
        distances.append(away[seen].norm(dim=-1).max().item() / stride)
    return max(distances)


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "decoder", "loss"), CASES, ids=map("+".join, CASES))
def test_one_batch_is_learnt_by_heart(compose, tiny_data, tmp_path, backbone, decoder, loss):
    # Without the detail path, which would learn in place of them.
    network = [f"backbone={backbone}", f"decoder={decoder}", f"loss={loss}", "detail=none"]
    cfg = compose("train", [*tiny_data, *network, f"paths.output={tmp_path}"])
    config = OmegaConf.to_container(cfg, resolve=True)
    if "cfg" in config["backbone"]:
        config["backbone"]["cfg"]["use_pretrained"] = False
    torch.manual_seed(0)
    model = build_model(config)
    batch = four_windows(config)
    step = overfit(model, build(config, "codec"), build(config, "loss"), batch, RATES[backbone])
    print(f"{backbone} + {decoder}, {loss}: every ball within a heatmap pixel after {step} steps")
    assert step is not None
