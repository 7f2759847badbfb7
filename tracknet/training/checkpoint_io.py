"""Checkpoints that appear whole wherever the temporary folder is, and the one before the last."""

import io
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from rich.filesize import decimal

from tracknet.console import quoted
from tracknet.errors import InputError
from tracknet.files import flush, whole_file

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the file, to the disk, and then renames.

    Lightning's own writes into the temporary folder and moves, which from one disk to another is a
    copy over the only good checkpoint. The last `last.ckpt` but one stays as `previous.ckpt`.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Writes a checkpoint, and the folder as well if somebody deleted it.

        Raises:
            InputError: It cannot be written, for want of space as a rule; what was there stays.
        """
        file, content = Path(path), io.BytesIO()
        torch.save(checkpoint, content)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as unfinished:
                unfinished.write_bytes(content.getbuffer())
                flush(unfinished)
                if file.name == LAST and file.exists():
                    _keep(file)
        except OSError as error:
            there = next(folder for folder in file.parents if folder.is_dir())
            raise InputError(
                f"{file} cannot be written ({error.strerror}): "
                f"{decimal(content.getbuffer().nbytes)} needed, "
                f"{decimal(shutil.disk_usage(there).free)} free on the disk of {there}; make room "
                f"and go on with {quoted(f'resume={file.parent.parent}')}, from the checkpoint "
                "before"
            ) from error


def _keep(last: Path) -> None:
    """Gives a checkpoint its second name just before its first is another's."""
    spare = last.with_name(f".{PREVIOUS}.{os.getpid()}")
    try:
        os.link(last, spare)
        os.replace(spare, last.with_name(PREVIOUS))
    except OSError:  # a file system without links; for a moment there is the one before alone
        os.replace(last, last.with_name(PREVIOUS))
    finally:
        spare.unlink(missing_ok=True)
