"""Videos that nobody has labelled -> tables of what a network is certain of in them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.console import print_table, progress, say, warn
from tracknet.data.formats.base import LabelError
from tracknet.data.formats.pseudo import INDEX, read_index
from tracknet.data.formats.tables import write_labels
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.inference.predictor import Predictor
from tracknet.inference.selection import Confident, Segment
from tracknet.inference.tracking import as_track
from tracknet.owned import own_file
from tracknet.video import about, open_video, output_names

KINDS = ("ball", "no ball", "left out")


def label_videos(
    predictor: Predictor,
    selection: Confident,
    sources: Sequence[Path],
    folder: Path,
    made_by: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Writes a table of labels for each video, and `INDEX`, which says why each frame was taken.

    Videos that the index knows already are passed over: they were labelled before the command was
    stopped.

    Args:
        predictor: Finds the ball.
        selection: Decides what of that is certain.
        sources: Videos and folders of frames.
        folder: Where the tables go.
        made_by: What the labels follow from, plain; an index of another is begun anew.

    Returns:
        The videos by the names of their tables, as the index has them; and, of those that could not
        be used, what is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(folder, made_by)
    videos: dict[str, Any] = {}
    broken: list[str] = []
    for name, source in zip(output_names(sources), sources, strict=True):
        try:
            stamp = {"source": str(source.absolute()), "modified": source.stat().st_mtime_ns}
            video = known.get(name, {})
            if not video.items() >= stamp.items():
                video = stamp | _labelled(predictor, selection, source, folder / f"{name}.csv")
        except (InputError, OSError) as error:  # the next one may have neither
            broken.append(about(source, error))
            continue
        videos[name] = video
        write_json(folder / INDEX, {"made_by": made_by, "videos": videos})
    return videos, broken


def _known(folder: Path, made_by: Mapping[str, Any]) -> dict[str, Any]:
    """The videos that were labelled before in the same way."""
    try:
        index = read_index(folder)
    except LabelError:
        return {}
    return index["videos"] if index.get("made_by") == made_by else {}


def _labelled(
    predictor: Predictor, selection: Confident, source: Path, table: Path
) -> dict[str, Any]:
    """Labels one video; what the index says of it."""
    info, frames = open_video(source)
    with progress(transient=True) as bar:
        task = bar.add_task("finding the ball", total=info.frames or None)
        rows = list(bar.track(predictor.stream(frames), task_id=task))
    for problem in info.problems:
        warn(problem.message)
    track = as_track((row.x, row.y, row.score, row.source) for row in rows)
    candidates = np.stack([row.candidates for row in rows])
    labels, segments = selection.select(track, candidates, predictor.threshold, info.size)
    table.parent.mkdir(parents=True, exist_ok=True)
    with own_file(table):
        write_labels(table, labels)
    return {"frames": len(track), "segments": segments}


def counts_of(segments: Iterable[Sequence[Any]]) -> Counter[str]:
    """How many frames are labelled as what."""
    counts: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    for segment in map(Segment._make, segments):
        counts[segment.kind] += segment.frames
    return counts


def reasons_of(videos: Mapping[str, Any]) -> list[tuple[str, str, int, int]]:
    """What frames are labelled as and why, with the numbers of segments and of frames."""
    segments, frames = Counter(), Counter()
    for video in videos.values():
        for segment in map(Segment._make, video["segments"]):
            segments[segment.kind, segment.why] += 1
            frames[segment.kind, segment.why] += segment.frames
    ranked = sorted(frames, key=lambda key: (KINDS.index(key[0]), -frames[key]))
    return [(*key, segments[key], frames[key]) for key in ranked]


def print_labels(videos: Mapping[str, Any], folder: Path) -> None:
    """Says what was taken and why, and where the tables are."""
    columns = ["video", "frames", *KINDS]
    rows = [
        [name, video["frames"], *counts_of(video["segments"]).values()]
        for name, video in videos.items()
    ]
    print_table("pseudo-labels", columns, rows, result=True)
    columns = ["labelled as", "because it is", "segments", "frames"]
    print_table("why", columns, reasons_of(videos), left=2, result=True)
    say(f"wrote {folder}", result=True)


def sha256_of(file: Path) -> str:
    """A file's digest."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
