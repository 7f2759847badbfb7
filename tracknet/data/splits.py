"""What a split is: apart from the others, and one number, so that two figures can be compared."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

from tracknet.errors import InputError
from tracknet.types import Clip

Places = Mapping[str, Mapping[Path, tuple[str, str]]]
"""Of each split: the path, and the name and the match, of every clip."""


class LeakError(InputError):
    """A clip is in two splits; the message names clips, matches and splits."""


def refuse_leaks(splits: Places, settings: str = "data.splits") -> None:
    """Checks that no clip is in two splits, by whatever names and links it is reached.

    Args:
        splits: Where the clips of each one are.
        settings: What the splits are listed by, for the message.

    Raises:
        LeakError: One is.
    """
    for one, other in combinations(splits, 2):
        elsewhere = {path.resolve(): name for path, (name, _) in splits[other].items()}
        shared = [
            (*place, elsewhere[path.resolve()])
            for path, place in splits[one].items()
            if path.resolve() in elsewhere
        ]
        if shared:
            names, matches, others = (sorted(set(column)) for column in zip(*shared, strict=True))
            called = "" if others == names else f" (there as {_few(others)})"
            raise LeakError(
                f"clip {_few(names)} of match {_few(matches)} is in both {one} and {other}"
                f"{called}, so that a network would be scored on what it has learnt; name each "
                f"match in only one of {settings}.{one} and {settings}.{other}"
            )


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def split_sha256(clips: Iterable[Clip]) -> str:
    """Hash of the clips' names and labels, in the order of their names."""
    digest = hashlib.sha256()
    for clip in sorted(clips, key=lambda clip: clip.name):
        digest.update(clip.name.encode())
        digest.update(clip.labels.visibility.tobytes())
        digest.update(clip.labels.xy.tobytes())
    return digest.hexdigest()
