"""What a network was certain of in unlabelled videos, and what it became by that, as one page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracknet.data.store import StoredClip
from tracknet.report.dataset import samples
from tracknet.report.page import write_page


def write_adaptation(
    path: Path,
    facts: Mapping[str, str],
    videos: Mapping[str, Any],
    reasons: Sequence[tuple[str, str, int, int]],
    clips: Sequence[StoredClip],
    result: Mapping[str, Any],
) -> None:
    """Writes the page; it loads nothing.

    Args:
        path: The HTML file; an older one is replaced.
        facts: What it is about.
        videos: Name -> `frames` and `segments`, each first and last frame, kind, score and why.
        reasons: What frames are labelled as and why, with the numbers of segments and of frames.
        clips: The labelled videos, of which samples are shown.
        result: What `adaptation.json` holds, as far as that is known.
    """
    total: Counter[str] = Counter()
    for counts in result["videos"].values():
        total.update(counts)
    write_page(
        path,
        "adaptation",
        title="Adaptation",
        facts=facts,
        videos=videos,
        total=total,
        reasons=reasons,
        samples=samples(clips),
        result=result,
    )
