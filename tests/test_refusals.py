"""What Hydra refuses is said in one sentence by the command itself; all values: test_values.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "train.py"


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [
        (
            "predict",
            ["ckpt=a", "source=b", "treshold=0.4"],
            "treshold=0.4: there is no such setting; did you mean threshold=0.4? "
            "(a new one is added by +treshold=0.4)",
        ),
        (
            "train",
            ["-m", "seed=1,2", "backbone=vitt"],
            "backbone=vitt: expected one of conv, convnext, hf, hrnet, timm, vgg, vit; "
            "did you mean vit?",
        ),
        (
            "train",
            ["--cfg", "job", "data=generic", "data.rot=a"],
            "data.rot=a: there is no such setting; did you mean data.root=a? "
            "(a new one is added by +data.rot=a)",
        ),
        (
            "train",
            ["optimizer.lr=abc"],
            "optimizer.lr=abc: expected a number above 0 and up to 100",
        ),
    ],
)
def test_one_line_and_nothing_else(run_script, script, arguments, said, tmp_path):
    refused = run_script(script, *arguments, f"hydra.run.dir={tmp_path}")
    assert refused.returncode == 1
    assert refused.stderr == f"error: {said}\n"


def test_hydras_own_words_are_there_for_who_asks(tmp_path):
    """Of a process of its own, which is asked when it starts."""
    command = [sys.executable, SCRIPT, "frams=5", f"hydra.run.dir={tmp_path}"]
    asked = {**os.environ, "HYDRA_FULL_ERROR": "1"}
    refused = subprocess.run(command, capture_output=True, text=True, env=asked)
    assert "Traceback" in refused.stderr
    assert "To append to your config use +frams=5" in refused.stderr


def test_a_bug_shows_where_it_is(run_script, tmp_path):
    (tmp_path / "own.py").write_text(
        "import os\n\ndef data(root):\n    raise RuntimeError(os.environ.get('HYDRA_FULL_ERROR'))\n"
    )
    overrides = ["~data", "+data._target_=own.data", "+data.root=a", f"hydra.run.dir={tmp_path}"]
    failed = run_script("prepare", *overrides, PYTHONPATH=str(tmp_path))
    assert failed.returncode == 1
    assert "own.py" in failed.stderr
    assert "RuntimeError: None" in failed.stderr, "what it starts would be told to raise"
