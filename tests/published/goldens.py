"""Weights by a formula, and what the published networks say with them.

The figures come from the projects' own modules, in float64: WASB-SBDT 923462c, TrackNetV3 77c123a,
TrackNetV4 4ef6394.
"""

import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

HEIGHT, WIDTH = 64, 128


class Golden(NamedTuple):
    """One network.

    Attributes:
        kind: As `import_checkpoint` calls it.
        told: What a file of TrackNetV3 says of its network.
        parameters: How many.
        entries: Of its state.
        sums: Of all weights, and of their absolute values.
        gflop: Of a forward at 288x512, multiplications and additions counted.
        output: Of some of the output's elements in eval mode, by their index.
        trained: The same in train mode.
        statistics: What a norm's running statistics begin with after that.
    """

    kind: str
    told: Mapping[str, Any] | None
    parameters: int
    entries: int
    sums: tuple[float, float]
    gflop: float
    output: Mapping[int, float]
    trained: Mapping[int, float]
    statistics: Mapping[str, tuple[float, ...]]


GOLDENS = {
    "wasb": Golden(
        "wasb",
        None,
        1_481_427,
        428,
        (6950.7734, 79916.906),
        56.3,
        {0: -41.880899, 8723: 56.505794, 15931: 10.645157, 24575: -15.083024},
        {0: -4.0703493, 10621: 3.6811852, 24575: -7.6970068},
        {
            "stage3.0.fuse_layers.2.0.0.1.running_mean": (0.21720404, 0.037894673, -0.3273641),
            "stage4.0.fuse_layers.3.2.0.1.running_var": (1.368063, 1.5129099, 1.6782914),
        },
    ),
    "tracknetv2": Golden(
        "tracknetv2",
        None,
        11_334_147,
        121,
        (7978.464, 233250.12),
        224.5,
        {0: 0.29626478, 8723: 1.0707031, 15931: 1.7836294, 24575: 0.42942725},
        {0: -0.29799427, 10621: 0.96168028, 24575: -0.8141133},
        {
            "down3.maxpool_conv.1.triple_conv.5.running_mean": (0.18856081, 0.28913679, 0.15616685),
            "up3.conv.double_conv.5.running_var": (1.0387521, 1.0430381, 1.0489843),
        },
    ),
    "tracknetv3": Golden(
        "tracknetv3",
        {"seq_len": 8, "bg_mode": "concat"},
        11_341_000,
        104,
        (8125.794, 233587.75),
        227.6,
        {0: 0.43374048, 16923: 0.30612367, 33847: 0.7058387, 65535: 0.46065108},
        {0: 0.47269498, 28175: 0.5651891, 65535: 0.50711012},
        {
            "bottleneck.conv_2.bn.running_mean": (0.069690172, -0.043469696, -0.042061615),
            "up_block_3.conv_2.bn.running_var": (1.0044666, 1.0110645, 1.0209651),
        },
    ),
    "tracknetv3 without background": Golden(
        "tracknetv3",
        {"seq_len": 3, "bg_mode": ""},
        11_330_307,
        104,
        (8132.3906, 233071.97),
        224.5,
        {0: 0.42154917, 8723: 0.96294912, 15931: 0.9702927, 24575: 0.54129484},
        {0: 0.43008087, 10621: 0.14679798, 24575: 0.78151025},
        {
            "bottleneck.conv_2.bn.running_mean": (0.071345115, -0.040773714, -0.039912964),
            "up_block_3.conv_2.bn.running_var": (1.0046353, 1.0103866, 1.0189111),
        },
    ),
}


def drawn(key: str, like: torch.Tensor) -> torch.Tensor:
    """The weight of that name, of the shape of another."""
    if not like.is_floating_point():
        return torch.zeros(like.shape, dtype=like.dtype)
    generator = torch.Generator().manual_seed(zlib.crc32(key.encode()) & 0x7FFFFFFF)
    r = torch.randn(like.shape, generator=generator).double()
    if key.endswith("running_var"):
        r = 1 + 0.1 * r.abs()
    elif key.endswith(("running_mean", "bias")):
        r = 0.1 * r
    elif like.ndim == 1:
        r = 1 + 0.1 * r
    else:
        r = r * math.sqrt(2 / math.prod(like.shape[1:]))
    return r.float()


def write(file: Path, golden: Golden, state: Mapping[str, torch.Tensor]) -> Path:
    """The container in which a state was published, with all that it is said to have."""
    if golden.told is None:
        figures = ("test_loss", "test_prec", "test_recall", "test_f1", "test_accuracy")
        inference = [f"video_inference_{name}" for name in ("prec", "recall", "f1", "accuracy")]
        content = {"epoch": 30, "model_state_dict": state, "train_loss": 0.0012}
        content |= dict.fromkeys(figures) | dict.fromkeys(inference, 0.5)
    else:
        weights = [torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(3, 2))]
        optimizer = torch.optim.Adam(weights, 1e-3)
        sum(weight.sum() for weight in weights).backward()
        optimizer.step()
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
        told = {"model_name": "TrackNet", "epochs": 30, "batch_size": 10, "optim": "Adam"}
        told |= {"learning_rate": 0.001, "lr_scheduler": "", "alpha": 0.5, "frame_alpha": -1}
        told |= {"mask_ratio": 0.3, "tolerance": 4, "resume_training": False, "seed": 13}
        told |= {"save_dir": "exp", "debug": False, "verbose": False, **golden.told}
        content = {"epoch": 29, "max_val_acc": np.float64(0.9751), "model": state}
        content |= {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        content |= {"param_dict": told}
    torch.save(content, file)
    return file
