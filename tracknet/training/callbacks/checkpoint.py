"""Checkpoints of a run whose folder may move."""

from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import ModelCheckpoint


class RunCheckpoint(ModelCheckpoint):
    """Lightning's, but a run goes on with its best score wherever its folder is by now.

    Lightning's own forgets the score when the folder was moved, renamed or copied, and replaces
    the best network by the next one.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if not Path(self._here(state_dict["best_model_path"])).is_file():
            return  # another run's checkpoint: in this folder nothing is the best so far
        moved = {
            name: self._here(state_dict[name])
            for name in ("best_model_path", "kth_best_model_path", "last_model_path")
        }
        moved["best_k_models"] = {
            self._here(path): score for path, score in state_dict["best_k_models"].items()
        }
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})

    def _here(self, path: str) -> str:
        """The file of that name in this folder; an empty path stays empty."""
        return path and str(Path(self.dirpath, Path(path).name))
