"""What a split is, as one number, so that two figures can be compared."""

import hashlib
from collections.abc import Iterable

from tracknet.types import Clip


def split_sha256(clips: Iterable[Clip]) -> str:
    """Hash of the clips' names and labels, in the order of their names."""
    digest = hashlib.sha256()
    for clip in sorted(clips, key=lambda clip: clip.name):
        digest.update(clip.name.encode())
        digest.update(clip.labels.visibility.tobytes())
        digest.update(clip.labels.xy.tobytes())
    return digest.hexdigest()
