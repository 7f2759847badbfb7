"""Where the time goes of a training run, and of predicting with overlapping windows."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.apply_func import move_data_to_device
from omegaconf import DictConfig
from torch.nn.utils import clip_grad_norm_

from tracknet.build import build
from tracknet.console import print_table
from tracknet.data.store import FrameStore, StoredClip
from tracknet.devices import synchronize
from tracknet.files import write_json
from tracknet.geometry import Fit, Size
from tracknet.inference.backgrounds import Shot
from tracknet.inference.network import FrameNetwork, Network, torch_network
from tracknet.inference.passes import CachedFrames, Passes, WholeWindows
from tracknet.pipelines.heatmaps import HeatmapTraining
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.tables import print_written
from tracknet.pipelines.train import make_trainer
from tracknet.types import Clip
from tracknet.video import read_raw
from tracknet.windows import windows

SETTLE = 2
"""Batches at the start of a measured stretch that are not counted: queues fill, caches warm."""
RATIOS = {"ratio": "training / resident", "cached": "cached frames / whole windows, time"}


def benchmark(cfg: DictConfig) -> dict[str, Any]:
    """Measures a training configuration; prints a table and writes `benchmark.json`.

    Returns:
        Figures by name: frames/s, windows/s, milliseconds, and `ratio`, the rate of the training
        as it runs over that of batch pass and step on a batch that stays on the device: median,
        least and most of the pairs, which take turns. `predict_frames_per_s` is of the network
        alone with a window a frame; a `FrameNetwork` has `cached` as well, the time that it takes
        so over the time of whole windows, in such pairs too.

    Raises:
        InputError: As for training.
    """
    config = read_settings(cfg, "benchmark")
    turns = _Turns(config["pairs"], config["batches"])
    average = build(config, "callbacks.average")
    trainer = make_trainer(
        config,
        [turns] if average is None else [average, turns],
        logger=False,
        max_epochs=turns.total,
        max_steps=turns.total,
        accumulate_grad_batches=1,
        limit_val_batches=0,
        enable_checkpointing=False,
    )
    parts = build(config, "task").assemble(config, trainer)
    source = parts.splits["train"][0]
    figures: dict[str, Any] = {
        "decode_frames_per_s": _decode(source.clip),
        "prepare_frames_per_s": _prepare(source, build(config, "fit")),
        "loader_windows_per_s": _loader(parts, turns.batches * turns.pairs),
    }
    trainer.fit(parts.module, datamodule=parts.data)
    figures |= turns.figures(parts.data.batch_size)
    device = parts.module.device
    network = torch_network(parts.module.model, device)
    figures |= _predict(network, source, config["pairs"], config["batches"], device)
    figures["device"] = str(device)
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    write_json(output / "benchmark.json", figures)
    print_table(f"training on {figures['device']}", ["what", "figure"], _rows(figures))
    print_written(output, "benchmark.json")
    return figures


def _decode(clip: Clip) -> float:
    start = time.perf_counter()
    return sum(1 for _ in read_raw(clip.source)) / (time.perf_counter() - start)


def _prepare(stored: StoredClip, fit: Callable[[Size, Size], Fit]) -> float:
    """Decoding, resizing, the background and writing, of one clip, into a store of its own."""
    with TemporaryDirectory(dir=stored.folder.parent) as folder:
        store = FrameStore(folder, stored.fit.target, fit)
        start = time.perf_counter()
        store.open([stored.clip])
        return len(stored) / (time.perf_counter() - start)


def _loader(parts: HeatmapTraining, batches: int) -> float:
    """Windows/s of the loader in this process; the first pass fills the page cache."""
    windows, size = parts.data.train_windows, parts.data.batch_size
    keys = [(0, index) for index in range(min(batches * size, len(windows)))]
    start = 0.0
    for _ in range(2):
        start = time.perf_counter()
        for i in range(0, len(keys), size):
            windows.batch(keys[i : i + size])
    return len(keys) / (time.perf_counter() - start)


def _predict(
    network: Network, stored: StoredClip, pairs: int, batches: int, device: torch.device
) -> dict[str, Any]:
    """Frames/s of windows that begin at every frame; see `benchmark`."""
    background, size = stored.background, network.windows_per_pass
    each = windows([Shot(frame, background) for frame in stored.frames], network.frames, 1)
    turn = list(iter(lambda: list(islice(each, size)), []))[:batches]
    ways: list[Callable[[], Passes]] = [partial(WholeWindows, network)]
    if isinstance(network, FrameNetwork):
        ways.append(partial(CachedFrames, network))
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(pairs + 1):  # the first one is not counted
        for way, own in zip(ways, seconds, strict=True):
            passes = way()
            start = time.perf_counter()
            for batch in turn:
                passes(batch)
            synchronize(device)
            own.append(time.perf_counter() - start)
    whole, *cached = [own[1:] for own in seconds]
    count = sum(map(len, turn))
    figures: dict[str, Any] = {"predict_frames_per_s": count / median([whole, *cached][-1])}
    for times in cached:
        ratios = [own / other for own, other in zip(times, whole, strict=True)]
        figures["cached"] = [median(ratios), min(ratios), max(ratios)]
    return figures


class _Turns(pl.Callback):
    """Lets training as it runs and steps on a resident batch take turns, and times both.

    Args:
        pairs: Turns of each.
        batches: Batches of a turn.
    """

    def __init__(self, pairs: int, batches: int) -> None:
        self.pairs = pairs
        self.batches = batches
        self.end_to_end: list[float] = []  # seconds a batch, one for each turn
        self.resident: list[float] = []
        self.batch_pass: list[float] = []
        self._start = 0.0

    @property
    def total(self) -> int:
        """Batches that the trainer has to run."""
        return self.pairs * (self.batches + SETTLE)

    def on_train_batch_end(self, trainer, module, outputs, batch, index) -> None:
        done = (trainer.global_step - 1) % (self.batches + SETTLE) + 1
        synchronize(module.device)
        if done == SETTLE:
            self._start = time.perf_counter()
        if done == self.batches + SETTLE:
            self.end_to_end.append((time.perf_counter() - self._start) / self.batches)
            windows = trainer.datamodule.train_windows
            raw = windows.batch([(0, i % len(windows)) for i in range(len(batch))])
            self._resident(trainer, module, move_data_to_device(raw, module.device))

    def _resident(self, trainer, module, raw: dict[str, Any]) -> None:
        optimizer = trainer.optimizers[0]
        seconds, passes = [], []
        with torch.enable_grad():
            for _ in range(self.batches + SETTLE):
                start = time.perf_counter()
                batch = trainer.datamodule.on_after_batch_transfer(dict(raw), 0)
                synchronize(module.device)
                passes.append(time.perf_counter() - start)
                with trainer.precision_plugin.forward_context():
                    loss = module.loss_of(module.model(batch.frames, batch.background), batch)
                loss.backward()
                if trainer.gradient_clip_val:
                    clip_grad_norm_(module.parameters(), trainer.gradient_clip_val)
                optimizer.step()
                optimizer.zero_grad()
                synchronize(module.device)
                seconds.append(time.perf_counter() - start)
        self.resident.append(sum(seconds[SETTLE:]) / self.batches)
        self.batch_pass.append(sum(passes[SETTLE:]) / self.batches)

    def figures(self, batch_size: int) -> dict[str, Any]:
        """Medians over the turns; of the ratios of neighbouring turns least and most too."""
        ratios = [
            still / whole for still, whole in zip(self.resident, self.end_to_end, strict=True)
        ]
        step = median(self.resident) - median(self.batch_pass)
        return {
            "batch_pass_ms": 1000 * median(self.batch_pass),
            "step_ms": 1000 * step,
            "resident_windows_per_s": batch_size / median(self.resident),
            "training_windows_per_s": batch_size / median(self.end_to_end),
            "ratio": [median(ratios), min(ratios), max(ratios)],
        }


def _rows(figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, list):
            yield RATIOS[name], "{:.3f} ({:.3f} to {:.3f})".format(*value)
        elif name != "device":
            yield name.replace("_per_s", "/s").replace("_", " "), f"{value:,.1f}"
