"""What happens beside the training step."""

from tracknet.training.callbacks.collapse import CollapseWarning
from tracknet.training.callbacks.interrupt import InterruptCheckpoint, Interrupted
from tracknet.training.callbacks.pictures import PredictionGrid
from tracknet.training.callbacks.progress import ProgressBar

__all__ = ["CollapseWarning", "InterruptCheckpoint", "Interrupted", "PredictionGrid", "ProgressBar"]
