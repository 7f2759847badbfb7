"""The built wheel works alone, without any extra, in an environment of its own elsewhere."""

import csv
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
TINY = [
    "data.clips={train: 2, val: 1, test: 1}",
    "data.frames=24",
]
# Whatever it says, the programs must find the wheel.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
EXPERIMENT = """# @package _global_
defaults:
  - override /backbone: conv
  - override /decoder: unet
backbone:
  widths: [8, 16, 16]
"""


def extras() -> list[str]:
    """What is imported of the packages that only an extra asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(line).name for line in chain(*project["optional-dependencies"].values())]
    modules = packages_distributions().items()
    return sorted(name for name, owners in modules if not set(owners).isdisjoint(asked))


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """The folder of an environment's programs that holds the wheel and borrows what it needs."""
    root = tmp_path_factory.mktemp("wheel")
    # The environment lies in somebody's project, whose commit is not tracknet's.
    git = ["git", "-C", str(root), "-c", "user.name=me", "-c", "user.email=me@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "mine"], check=True)

    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(root), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = root.glob("tracknet-*.whl")

    environment = root / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    install = ["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    # A path in a .pth file is searched, but .pth files in it, the editable install's, are not read.
    (site,) = environment.glob("lib/python*/site-packages")
    # Nor is there any extra: what else is borrowed cannot be imported.
    absent = f"import sys; sys.modules.update(dict.fromkeys({extras()}))"
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n{absent}\n")
    where = "import tracknet; print(tracknet.__file__)"
    ask = {"env": ENVIRONMENT, "capture_output": True, "text": True}
    found = subprocess.run([python, "-c", where], cwd=root, **ask)
    package = Path(found.stdout.strip()).parent
    assert package.is_relative_to(environment), found.stderr
    refused = subprocess.run([python, "-c", "import pytest"], cwd=root, **ask)
    assert "ModuleNotFoundError" in refused.stderr
    assert (package / "py.typed").is_file(), "whoever imports it has its types"
    models = {file.relative_to(ROOT / "tracknet") for file in (ROOT / "tracknet").glob("zoo/*/*.*")}
    assert all((package / model).is_file() for model in models if model.suffix != ".pyc")
    return environment / "bin"


@pytest.mark.slow
def test_train_evaluate_and_predict_outside_the_repository(programs, tmp_path):
    def run(name: str, *arguments: str) -> str:
        command = [programs / f"tracknet-{name}", *arguments]
        named = {**ENVIRONMENT, "TRACKNET_MODELS": "models"}
        done = subprocess.run(command, cwd=tmp_path, env=named, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "tracknet-train [<data folder>]" in run("train", "--help")
    assert run("info", "--version").startswith("tracknet ")
    completed = {**ENVIRONMENT, "COMP_LINE": "tracknet-train decoder=u"}
    ask = [programs / "tracknet-train", "-sc", "query=bash"]
    said = subprocess.run(ask, env=completed, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["decoder=unet", "decoder=upsampling"]
    (tmp_path / "my" / "experiment").mkdir(parents=True)
    (tmp_path / "my" / "experiment" / "tiny.yaml").write_text(EXPERIMENT)
    chosen = ["--config-dir", "my", "experiment=tiny", "debug=fast"]
    trained = run("train", *chosen, *TINY, "hydra.run.dir=outputs/train/first")
    run_dir = tmp_path / "outputs" / "train" / "first"
    assert re.search(r"tracknet-evaluate \S+ split=(val|test)", trained)
    manifest = json.loads((run_dir / "manifest.json").read_text())
    assert manifest["packages"]["tracknet"]
    assert manifest["git_commit"] is None
    run(
        "evaluate",
        "-m",
        "data=synthetic",
        *TINY,
        "ckpt=outputs/train/first",
        "hydra.sweep.dir=scores",
    )
    metrics = json.loads((tmp_path / "scores" / "0" / "metrics.json").read_text())
    assert {"strict", "wasb"} <= metrics["protocols"].keys()
    (video,) = tmp_path.glob("outputs/synthetic/*/test/match1/video/*.mp4")
    run("export", "outputs/train/first", "scores/0", "name=first", "hydra.run.dir=models")
    assert "first" in run("info")
    run("predict", "first", str(video), "hydra.run.dir=found")
    with open(tmp_path / "found" / f"{video.stem}.csv") as file:
        assert [int(row["Frame"]) for row in csv.DictReader(file)] == list(range(24))
    assert (tmp_path / "found" / f"{video.stem}_overlay.mp4").stat().st_size > 0
