"""Compares runs of `evaluate`, or predictions files, on the same clips."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from tracknet.data.predictions import read_predictions
from tracknet.data.splits import split_sha256
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.metrics import PROTOCOLS, STRICT, f1_difference
from tracknet.pipelines.common import find_clips, lengths_of, open_clips, open_dataset, report
from tracknet.pipelines.own import METRICS, names_data, read_metrics, read_scored
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.tables import print_comparison
from tracknet.report import write_comparison
from tracknet.types import Labels, Track

COMPARED = ("strict", "wasb")


def compare(cfg: DictConfig) -> dict[str, Any]:
    """Writes `comparison.json` and `comparison.html`; returns what the former holds.

    Raises:
        InputError: There are fewer than two runs, they cannot be read, they were scored on
            different clips or labels, or a setting is out of its range.
    """
    config = read_settings(cfg, "compare")
    named = config["runs"]
    paths = [Path(str(run)) for run in (named if isinstance(named, list) else [named])]
    if len(set(paths)) < max(2, len(paths)):
        raise InputError(
            f"runs={named}: name two different ones or more, as in runs=[<first>,<second>]"
        )
    names = short_names(paths)
    files = {n: _file(path, "predictions.csv") for n, path in zip(names, paths, strict=True)}
    hashes = {
        name: read_metrics(_file(path, METRICS))["split_sha256"]
        for name, path in zip(names, paths, strict=True)
        if path.is_dir()
    }
    _check_same(hashes)
    config |= _settings(config, paths)
    dataset, split = open_dataset(config), config["split"]
    clips = open_clips(config, find_clips(config, dataset, split))
    sha256 = split_sha256(clip.clip for clip in clips)
    _check_same({**hashes, f"{dataset.name} {split} at {dataset.root}": sha256})

    lengths = lengths_of(clips)
    labels = [clip.labels for clip in clips]
    runs: dict[str, list[Track]] = {}
    for name, file in files.items():
        tracks, _, problems = read_predictions(file, lengths)
        report(problems)
        runs[name] = list(tracks.values())
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    comparison = {
        "split": split,
        "dataset": dataset.name,
        "split_sha256": sha256,
        "paths": dict(zip(names, map(str, paths), strict=True)),
        "runs": _figures(labels, runs),
        "clips": {
            clip: {name: float(STRICT.count(own, t[i]).f1) for name, t in runs.items()}
            for i, (clip, own) in enumerate(zip(lengths, labels, strict=True))
        },
    }
    write_json(output / "comparison.json", comparison)
    facts = {"dataset": f"{dataset.name} ({dataset.root})", "split": split, **comparison["paths"]}
    own = [clip.clip for clip in clips]
    write_comparison(output / "comparison.html", facts, own, labels, runs, comparison)
    print_comparison(comparison, output)
    return comparison


def short_names(paths: Sequence[Path]) -> list[str]:
    """What tells paths apart: without the folders that they begin and end with in common."""
    parts = [list(path.parts) for path in paths]
    for end in (0, -1):
        while all(len(own) > 1 for own in parts) and len({own[end] for own in parts}) == 1:
            for own in parts:
                del own[end]
    return ["/".join(own) for own in parts]


def _file(run: Path, name: str) -> Path:
    """That file of a run directory; a predictions file is itself."""
    file = run / name if run.is_dir() else run
    if not file.is_file():
        raise InputError(
            f"{file}: no such file; name run directories of evaluate.py, or predictions files"
        )
    return file


def _check_same(hashes: Mapping[str, str]) -> None:
    """Refuses runs that were not scored on the same."""
    first = next(iter(hashes), "")
    for name, sha256 in hashes.items():
        if sha256 != hashes[first]:
            raise InputError(
                f"{first} and {name} are of different clips or labels, so that their figures "
                f"cannot be compared: split_sha256 {hashes[first]} and {sha256}; score both on the "
                "same split with evaluate.py"
            )


def _settings(config: Mapping[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """The data that is to be read: what is given, or else what the first run directory scored."""
    if names_data(config):
        return {}
    for path in filter(Path.is_dir, paths):
        return read_scored(path / METRICS, config)
    raise InputError("which data? add data=<layout> data.root=<folder> split=<split>")


def _figures(
    labels: Sequence[Labels], runs: Mapping[str, Sequence[Track]]
) -> dict[str, dict[str, Any]]:
    first = next(iter(runs.values()))
    figures: dict[str, dict[str, Any]] = {}
    for name, tracks in runs.items():
        figures[name] = {}
        for protocol in (PROTOCOLS[compared] for compared in COMPARED):
            figures[name][protocol.name] = own = {"f1": protocol.score(labels, tracks)["f1"]}
            if tracks is not first:
                difference, ends = f1_difference(protocol, labels, first, tracks)
                own |= {"difference": difference, "difference_interval": ends and list(ends)}
    return figures
