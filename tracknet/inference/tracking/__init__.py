"""Candidates over time -> one trajectory.

A path through the candidates is worth the scores that it takes, less what its motion costs: a ball
goes on as it went but for what gravity and drag change, or it is hit, which costs the same however
sharp the turn. `OnlineTracker` takes the best candidate of each frame as it comes, `OfflineTracker`
the best path of the whole clip, whose places a `Smoother` can free of jitter.
"""

from tracknet.inference.tracking.base import (
    LiveTracker as LiveTracker,
    Tracker as Tracker,
    as_track as as_track,
    picked as picked,
)
from tracknet.inference.tracking.offline import OfflineTracker as OfflineTracker
from tracknet.inference.tracking.online import OnlineTracker as OnlineTracker
from tracknet.inference.tracking.smoother import Smoother as Smoother
