"""What happens beside the training step."""

from tracknet.training.callbacks.average import AverageWeights
from tracknet.training.callbacks.checkpoint import RunCheckpoint
from tracknet.training.callbacks.collapse import CollapseWarning
from tracknet.training.callbacks.estimate import TimeEstimate
from tracknet.training.callbacks.freeze_backbone import FreezeBackbone
from tracknet.training.callbacks.interrupt import InterruptCheckpoint, Interrupted
from tracknet.training.callbacks.limits import LastValidation, TimeLimit
from tracknet.training.callbacks.pictures import PredictionGrid
from tracknet.training.callbacks.progress import ProgressBar

__all__ = [
    "AverageWeights",
    "CollapseWarning",
    "FreezeBackbone",
    "InterruptCheckpoint",
    "Interrupted",
    "LastValidation",
    "PredictionGrid",
    "ProgressBar",
    "RunCheckpoint",
    "TimeEstimate",
    "TimeLimit",
]
