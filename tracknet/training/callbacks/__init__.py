"""What happens beside the training step."""

from tracknet.training.callbacks.average import AverageWeights as AverageWeights
from tracknet.training.callbacks.checkpoint import RunCheckpoint as RunCheckpoint
from tracknet.training.callbacks.collapse import CollapseWarning as CollapseWarning
from tracknet.training.callbacks.early_stopping import EarlyStopping as EarlyStopping
from tracknet.training.callbacks.epochs import EpochLines as EpochLines
from tracknet.training.callbacks.estimate import TimeEstimate as TimeEstimate
from tracknet.training.callbacks.freeze_backbone import FreezeBackbone as FreezeBackbone
from tracknet.training.callbacks.interrupt import (
    InterruptCheckpoint as InterruptCheckpoint,
    Interrupted as Interrupted,
)
from tracknet.training.callbacks.limits import (
    EndWithinEpoch as EndWithinEpoch,
    TimeLimit as TimeLimit,
)
from tracknet.training.callbacks.pictures import PredictionGrid as PredictionGrid
from tracknet.training.callbacks.progress import ProgressBar as ProgressBar
