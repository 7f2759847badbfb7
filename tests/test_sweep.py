"""A sweep whose first job fails still runs the second, and says so in its table and exit code."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "train.py"


@pytest.fixture(scope="module")
def sweep(tiny_data, tiny_network, tmp_path_factory):
    """A finished sweep over two image sizes, of which one does not fit, and its folder."""
    folder = tmp_path_factory.mktemp("sweep")
    settings = [*tiny_data, *tiny_network, "~logger.tensorboard", "image_size=[60,100],[64,128]"]
    command = [sys.executable, SCRIPT, "-m", *settings, f"hydra.sweep.dir={folder}"]
    return subprocess.run(command, capture_output=True, text=True), folder


def test_the_other_job_finishes(sweep):
    _, folder = sweep
    assert not (folder / "0" / "checkpoints").exists()
    assert (folder / "1" / "checkpoints" / "best.ckpt").is_file()


def test_the_table_names_both(sweep):
    done, folder = sweep
    with open(folder / "summary.csv", newline="") as file:
        failed, trained = csv.DictReader(file)
    assert (failed["job"], failed["image_size"], failed["status"]) == ("0", "[60,100]", "failed")
    assert "use 64x96" in failed["error"]
    assert (trained["job"], trained["image_size"], trained["status"]) == ("1", "[64,128]", "ok")
    assert 0 <= float(trained["val_f1"]) <= 1
    for cell in ("image_size", "[60,100]", "failed", "[64,128]", "ok", "val_f1", "summary.csv"):
        assert cell in done.stdout
    assert "paths.store" not in done.stdout.split("sweep")[-1], "alike for both jobs"


def test_the_exit_code_says_that_one_failed(sweep):
    done, _ = sweep
    assert done.returncode == 1
    assert "1 of 2 jobs failed\n  job 0: ValueError: image_size 60x100" in done.stderr
