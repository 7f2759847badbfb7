"""Comparing runs of `evaluate` on rendered clips."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from tracknet.build import build
from tracknet.data.predictions import write_predictions
from tracknet.errors import InputError
from tracknet.pipelines.compare import compare, short_names
from tracknet.pipelines.evaluate import evaluate
from tracknet.types import Track


@pytest.fixture(scope="module")
def runs(compose, resolved, tiny_data, tmp_path_factory):
    """Run directories of predictions that are the labels, those moved by 9 px, and a val run."""
    root, found = tmp_path_factory.mktemp("runs"), {}
    for name, split, shift in (("good", "test", 0), ("bad", "test", 9), ("other", "val", 0)):
        tracks = {}
        for clip in build(resolved("evaluate", tiny_data), "data").clips(split)[0]:
            visible = clip.labels.visibility > 0
            source = np.where(visible, "detected", "")
            tracks[clip.name] = Track(clip.labels.xy + shift, np.ones(len(visible)), source)
        found[name] = root / name / "scored"
        found[name].mkdir(parents=True)
        write_predictions(root / f"{name}.csv", tracks)
        overrides = [f"predictions={root / name}.csv", f"split={split}"]
        config = compose("evaluate", [*tiny_data, *overrides, f"paths.output={found[name]}"])
        evaluate(config)
        OmegaConf.save(config, found[name] / "config.yaml")
        (found[name] / ".hydra").mkdir()
        (found[name] / "config.yaml").rename(found[name] / ".hydra" / "config.yaml")
    return found


@pytest.fixture
def compared(compose, tmp_path):
    def compared(*paths, settings=()):
        runs = f"runs=[{','.join(map(str, paths))}]"
        return compare(compose("compare", [runs, f"paths.output={tmp_path / 'out'}", *settings]))

    return compared


def test_runs_are_compared_on_their_own_data(compared, runs, tmp_path, capsys):
    comparison = compared(runs["good"], runs["bad"])
    assert comparison == json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert comparison["runs"]["good"]["strict"] == {"f1": 1}
    assert comparison["runs"]["bad"]["strict"] == {
        "f1": 0,
        "difference": -1,
        "difference_interval": None,
    }
    assert re.search(r"bad +│ +0.000 │ +-1.000 │ +- │", capsys.readouterr().out)
    assert comparison["clips"] == {"test/match1/r00001": {"good": 1, "bad": 0}}
    html = (tmp_path / "out" / "comparison.html").read_text()
    assert "Where good and bad disagree" in html
    assert "<td>-100.00</td><td>&ndash;</td>" in html
    assert 'class="sure"' not in html


def test_a_part_of_their_data_can_be_changed(compared, runs):
    with pytest.raises(InputError, match="are of different clips or labels"):
        compared(runs["good"], runs["bad"], settings=["+data.seed=9"])


def test_predictions_files_need_the_data(compared, runs, tiny_data):
    files = [run / "predictions.csv" for run in (runs["good"], runs["bad"])]
    with pytest.raises(InputError, match="which data"):
        compared(*files)
    data = [s for s in tiny_data if s.startswith(("paths", "data", "image"))]
    assert compared(*files, settings=data)["runs"]["bad"]["wasb"]["difference"] == -1


def test_runs_on_different_splits_are_refused_with_both_hashes(compared, runs):
    hashes = [
        json.loads((runs[name] / "metrics.json").read_text())["split_sha256"]
        for name in ("good", "other")
    ]
    with pytest.raises(
        InputError, match=f"good and other are of different.*{' and '.join(hashes)}"
    ):
        compared(runs["good"], runs["other"])


def test_labels_that_have_changed_since_are_refused(compared, runs, tmp_path):
    file = runs["good"] / "metrics.json"
    text = file.read_text()
    metrics = json.loads(text)
    old, metrics["split_sha256"] = metrics["split_sha256"], "0" * 64
    file.write_text(json.dumps(metrics))
    try:
        with pytest.raises(
            InputError, match=f"good/scored and synthetic test at .*{'0' * 64} and {old}"
        ):
            compared(runs["good"], runs["bad"] / "predictions.csv")
    finally:
        file.write_text(text)


@pytest.mark.parametrize("count", [1, 2])
def test_one_run_is_no_comparison(compared, runs, count):
    with pytest.raises(InputError, match="name two different ones or more"):
        compared(*[runs["good"]] * count)


def test_one_run_by_itself_is_named_as_it_was_given(compose, tmp_path):
    with pytest.raises(InputError, match=r"runs=out/a: name two .*, as in runs=\[<first>,<second>"):
        compare(compose("compare", ["runs=out/a", f"paths.output={tmp_path}"]))


def test_what_is_no_run_is_refused(compared, runs, tmp_path):
    with pytest.raises(InputError, match=r"predictions.csv: no such file"):
        compared(runs["good"], tmp_path)
    (tmp_path / "predictions.csv").touch()
    with pytest.raises(InputError, match=r"metrics.json: no such file"):
        compared(runs["good"], tmp_path)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["out/a", "out/b"], ["a", "b"]),
        (["out/first/test", "out/second/test"], ["first", "second"]),
        (["a/x/test", "a/test"], ["x/test", "test"]),
        (["a.csv", "b.csv"], ["a.csv", "b.csv"]),
    ],
)
def test_names_tell_runs_apart(paths, names):
    assert short_names([Path(path) for path in paths]) == names
