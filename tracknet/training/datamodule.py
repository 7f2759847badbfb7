"""Stored clips as Lightning's training and validation loaders."""

from collections.abc import Sequence
from typing import Any, Literal

import cv2
from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader, DistributedSampler

from tracknet.data.augment import Augmentation
from tracknet.data.batch import Batch
from tracknet.data.resident import ResidentFrames, stays_resident
from tracknet.data.store import StoredClip
from tracknet.data.window_dataset import WindowDataset, collated
from tracknet.errors import InputError
from tracknet.process import die_with_parent
from tracknet.training.loader import AheadLoader
from tracknet.training.order import EpochSampler
from tracknet.training.sampling import Sampling
from tracknet.types import ABSENT


class WindowDataModule(LightningDataModule):
    """Windows of the training clips at every step, of the validation clips without overlap.

    Several devices share them out: each trains and validates on windows of its own.

    Args:
        train: Training clips.
        val: Validation clips.
        frames: T, frames of a window.
        background: Whether the clip's median frame goes along.
        augmentation: Of the training windows.
        batch_size: Windows of a batch, on each device.
        num_workers: Processes that read windows; 0 reads in the training process.
        seed: Of order and augmentation.
        overfit: Number of training windows to learn by heart and to validate on; None for all.
        sampling: How often each training window is drawn; None for once an epoch.
        resident: Whether the training frames stay on the device, see `stays_resident`.
        step: Frames from one training window's start to the next one's.
    """

    trainer: Trainer  # Lightning's may be None, which it is only before a trainer has taken it

    def __init__(
        self,
        train: Sequence[StoredClip],
        val: Sequence[StoredClip],
        frames: int,
        background: bool,
        augmentation: Augmentation | None,
        batch_size: int,
        num_workers: int,
        seed: int,
        overfit: int | None = None,
        sampling: Sampling | None = None,
        resident: Literal["auto"] | bool = "auto",
        step: int = 1,
    ) -> None:
        super().__init__()
        self.train_windows = WindowDataset(train, frames, step, background, augmentation, seed)
        self.val_windows = WindowDataset(val, frames, frames, background)
        if overfit:
            self.val_windows = own = WindowDataset(train, frames, frames, background)
            with_ball = [window for window in own.windows if own.highest(*window) > ABSENT]
            own.windows = with_ball[:: max(1, len(with_ball) // overfit)][:overfit]
            self.train_windows.windows = own.windows
        self.probabilities = sampling.probabilities(self.train_windows) if sampling else None
        self.resident: Literal["auto"] | bool = resident
        self._frames: ResidentFrames | None = None
        self.augmentation = augmentation
        self.batch_size = min(batch_size, len(self.train_windows))
        self.num_workers = num_workers
        self.seed = seed

    def check_devices(self, devices: int) -> None:
        """Refuses more devices than there are training windows for.

        Raises:
            InputError: An epoch does not have one batch for each of them.
        """
        wanted, there = devices * self.batch_size, len(self.train_windows)
        if wanted > there:
            raise InputError(
                f"{devices} devices with batch_size={self.batch_size} each need {wanted} training "
                f"windows, there are {there}; set trainer.devices=1 or a smaller batch_size"
            )

    def setup(self, stage: str) -> None:
        device, clips = self.trainer.strategy.root_device, self.train_windows.clips
        if stage == "fit" and stays_resident(self.resident, clips, device):
            self._frames = ResidentFrames(clips, self.train_windows.background, device)
            self.train_windows.pixels = False

    def on_after_batch_transfer(self, raw: dict[str, Any], _: int) -> Batch:
        """What the network gets: pictures in 0..1, augmented where the loader drew for them."""
        if self._frames is not None and "pictures" not in raw:
            self._frames.add_to(raw)
        batch, drawn, augments = Batch.of(raw), raw.get("augmentation"), self.augmentation
        return augments.apply(batch, drawn) if augments and drawn else batch.in_unit()

    def train_dataloader(self) -> DataLoader:
        rank, devices = self.trainer.global_rank, self.trainer.world_size
        drawn = len(self.train_windows), self.seed, self._position, self.probabilities
        sampler = EpochSampler(*drawn, rank, devices)
        return self._loader(self.train_windows, sampler=sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader:
        rank, devices = self.trainer.global_rank, self.trainer.world_size
        if devices == 1:
            return self._loader(self.val_windows)
        # It repeats windows where devices would have unequal numbers; they must keep step.
        sampler = DistributedSampler(self.val_windows, devices, rank, shuffle=False)
        return self._loader(self.val_windows, sampler=sampler)

    def _loader(self, windows: WindowDataset, **kwargs) -> DataLoader:
        return AheadLoader(
            windows,
            self.batch_size,
            collate_fn=collated,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=_begin_worker,
            pin_memory=self.trainer.strategy.root_device.type == "cuda",
            **kwargs,
        )

    def batches_under(self, trainer: Trainer) -> int:
        """Training batches of an epoch on each device, within the trainer's limit."""
        whole = len(self.train_windows) // trainer.world_size // self.batch_size
        limit = trainer.limit_train_batches
        return min(limit, whole) if isinstance(limit, int) else int(whole * limit)

    def steps_under(self, trainer: Trainer) -> int:
        """Optimizer steps of the whole run.

        Not Lightning's `estimated_stepping_batches`: that one makes the first epoch's iterator,
        before a checkpoint tells which epoch it is.
        """
        epoch = -(-self.batches_under(trainer) // trainer.accumulate_grad_batches)
        assert trainer.max_epochs is not None, "Lightning sets it where nobody does"
        steps = epoch * trainer.max_epochs
        return steps if trainer.max_steps < 0 else min(steps, trainer.max_steps)

    def _position(self) -> tuple[int, int]:
        """(epoch, samples of it that all devices used) now, right after a restore as well."""
        loop = self.trainer.fit_loop
        progress = loop.epoch_progress.current
        done = progress.processed  # pyright: ignore[reportAttributeAccessIssue], its type is another
        if progress.ready == done:
            return done, 0
        # A checkpoint of an epoch's last batch stands at the start of the next one.
        ready = loop.epoch_loop.batch_progress.current.ready
        size = self.batches_under(self.trainer)
        if ready > size:
            raise InputError(
                f"an epoch has {size} batches by these settings, and the run goes on within one "
                f"after {ready}; finish that epoch first (trainer.max_epochs={done + 1})"
            )
        rolled, batches = divmod(ready, size)
        used = batches * self.batch_size * self.trainer.world_size
        return done + rolled, used


def _begin_worker(_: int) -> None:
    cv2.setNumThreads(0)
    die_with_parent()
