"""The shell completes what a command can be given, as docs/commands.md says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_the_choices_of_a_group():
    ask = """
        eval "$(python scripts/train.py -sc install=bash)"
        COMP_LINE="python scripts/predict.py tracking=o" COMP_CWORD=2
        COMP_POINT=${#COMP_LINE}
        hydra_bash_completion
        echo "${COMPREPLY[@]}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        ["bash", "-c", ask], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tracking=offline", "tracking=online"], done.stderr
