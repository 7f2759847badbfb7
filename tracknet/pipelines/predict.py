"""Turns videos into trajectories and pictures of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.build import build_all
from tracknet.console import fail, say, warn
from tracknet.errors import InputError
from tracknet.inference.predictor import Predictor
from tracknet.inference.video import Summary, predict_video
from tracknet.inference.writers import CsvWriter, Overlay, WriterFactory
from tracknet.pipelines.common import load_predictor
from tracknet.video import Frame, Source, VideoInfo, about, output_names


def predict(
    cfg: Mapping[str, Any],
    sources: Sequence[Source],
    opened: tuple[VideoInfo, Iterable[Frame]] | None = None,
) -> list[Summary]:
    """Does `predict_all` with what the resolved configuration ``predict`` names.

    Raises:
        CheckpointError: The checkpoint cannot be read.
    """
    predictor = load_predictor(cfg)
    output, writers = Path(cfg["paths"]["output"]), build_all(cfg, "writers")
    return predict_all(predictor, sources, output, writers, opened)


def predict_all(
    predictor: Predictor,
    sources: Sequence[Source],
    output: Path,
    writers: Sequence[WriterFactory] = (CsvWriter, Overlay),
    opened: tuple[VideoInfo, Iterable[Frame]] | None = None,
) -> list[Summary]:
    """Lets writers write what is found in every source, see `predict_video`.

    Where sources have the same name, their folders tell the results apart. `opened` is what
    `open_video` gave of the first one, if it is being read already.

    Raises:
        SystemExit: A source could not be read, is damaged, or its results would take the place of
            somebody's file; the others' are written.
    """
    output.mkdir(parents=True, exist_ok=True)
    summaries, broken = [], []
    for source, name in zip(sources, output_names(sources), strict=True):
        try:
            summary = predict_video(predictor, source, output, writers, opened, name)
        except (InputError, OSError) as error:  # the next one may have neither
            broken.append(about(source, error))
            continue
        finally:
            opened = None
        summaries.append(summary)
        for problem in summary.problems:
            warn(problem.message)
        if any(problem.kind == "damaged" for problem in summary.problems):
            files = ", ".join(map(str, summary.files))
            broken.append(f"{source} is damaged; what could be read is in {files}")
        share = summary.balls / max(1, summary.frames)
        say(
            f"{getattr(source, 'name', source)}: {summary.frames} frames, a ball in "
            f"{summary.balls} ({share:.0%}), {summary.frames / summary.seconds:.0f} frames/s",
            result=True,
        )
        if summary.delays is not None:
            say(
                f"delay of a frame: median {np.median(summary.delays):.2f} s, "
                f"most {summary.delays.max():.2f} s",
                result=True,
            )
        for file in summary.files:
            say(f"wrote {file}", result=True)
    if broken:
        fail(*broken)
    return summaries
