"""The page that compares runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracknet.report.crops import pictures
from tracknet.report.page import write_page
from tracknet.report.worst import worst_disagreements
from tracknet.types import Clip, Labels, Track


def write_comparison(
    path: Path,
    facts: Mapping[str, str],
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    runs: Mapping[str, Sequence[Track]],
    comparison: Mapping[str, Any],
) -> None:
    """Writes ``comparison.html``: figures, clips and the frames on which runs disagree.

    Args:
        path: The HTML file; an older one is replaced.
        facts: What was compared, shown as name and value.
        clips: The scored clips; the videos of those with pictures are read.
        labels: Their labels, original pixels.
        runs: Name -> predictions of the clips, original pixels; the first is what the others are
            compared with.
        comparison: The contents of ``comparison.json``.

    Raises:
        VideoError: A video that is needed cannot be read.
    """
    first, *others = runs
    disagreements = {}
    for other in others:
        found = worst_disagreements(labels, runs[first], runs[other])
        seen = pictures(found, clips, labels, runs[first], runs[other])
        disagreements[other] = list(zip(found, seen, strict=True))
    scores = sorted(
        comparison["clips"].items(),
        key=lambda item: max(abs(item[1][other] - item[1][first]) for other in others),
        reverse=True,
    )
    write_page(
        path,
        "comparison",
        title=f"{first} and {', '.join(others)}",
        facts=facts,
        first=first,
        others=others,
        runs=comparison["runs"],
        scores=scores,
        clips=clips,
        disagreements=disagreements,
    )
