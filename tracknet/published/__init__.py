"""Networks that others have published: how their checkpoints name what ours have."""

from tracknet.published.base import Published as Published
from tracknet.published.tracknetv2 import TRACKNETV2
from tracknet.published.tracknetv3 import TRACKNETV3
from tracknet.published.wasb import WASB

KINDS: dict[str, Published] = {"wasb": WASB, "tracknetv2": TRACKNETV2, "tracknetv3": TRACKNETV3}
"""By name, which is that of an experiment as well: the network's composition of our parts."""
