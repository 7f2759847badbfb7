"""Every pair of backbone and decoder learns one batch by heart: targets, loss and decoder agree."""

from itertools import product

import pytest
import torch
from omegaconf import OmegaConf

from tracknet.build import build, build_model
from tracknet.data.batch import Batch, prepare_batch
from tracknet.data.store import FrameStore
from tracknet.data.windows import WindowDataset
from tracknet.geometry import scale_points
from tracknet.types import ABSENT

STEPS, EVERY = 300, 10
RATES = {"vit": 1e-3, "convnext": 3e-4, "conv": 1e-3}
PAIRS = list(product(RATES, ["upsampling", "fpn", "unet"]))
WITH_BCE = [("vit", "upsampling"), ("convnext", "fpn"), ("conv", "unet")]
CASES = [(*pair, "focal") for pair in PAIRS] + [(*pair, "bce") for pair in WITH_BCE]


def four_windows(config) -> Batch:
    """The first and the last window with a ball of each of two clips."""
    clips, _ = FrameStore(config["paths"]["store"], (64, 128)).open(
        build(config["data"]).clips("train")[0]
    )
    windows = WindowDataset(clips, config["frames"], config["frames"])
    each = [[w for w in windows.with_ball() if w[0] == clip] for clip in range(len(clips))]
    windows.windows = [window for mine in each for window in (mine[0], mine[-1])]
    return prepare_batch(windows.batch(range(4)))


def overfit(model, codec, loss, batch: Batch, lr: float) -> int | None:
    """Trains on one batch; the step at which every ball is found, or None."""
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    xy = scale_points(batch.xy, 1 / model.heatmap_stride)
    size = [side // model.heatmap_stride for side in batch.frames.shape[-2:]]
    target, weight = codec.encode(xy, batch.visibility, size)
    for step in range(1, STEPS + 1):
        loss(model(batch.frames), target, weight).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % EVERY == 0 and farthest(model, codec, batch, xy) <= 1:
            return step
    return None


@torch.no_grad()
def farthest(model, codec, batch: Batch, xy: torch.Tensor) -> float:
    """The largest distance of peak and visible ball, heatmap pixels.

    Of both modes: a batch norm's running statistics must have followed as well.
    """
    seen = batch.visibility > ABSENT
    distances = []
    for training in (False, True):
        best = codec.decode(model.train(training)(batch.frames))[:, :, 0, :2]
        distances.append((best - xy)[seen].norm(dim=-1).max().item())
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
    step = overfit(model, build(config["codec"]), build(config["loss"]), batch, RATES[backbone])
    print(f"{backbone} + {decoder}, {loss}: every ball within a heatmap pixel after {step} steps")
    assert step is not None
