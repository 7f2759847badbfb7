"""``--help`` of each command is of that command, and says all that can be set."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from tracknet import help as pages
from tracknet.arguments import to_hydra, usage
from tracknet.console import command
from tracknet.errors import InputError
from tracknet.help import answered, read

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
ENTRIES = sorted(file.stem for file in CONFIGS.glob("*.yaml"))
GROUPS = sorted(file.name for file in CONFIGS.iterdir() if file.is_dir() and file.name != "hydra")
CHOICES = sorted(
    f"{file.parent.name}/{file.stem}" for g in GROUPS for file in (CONFIGS / g).iterdir()
)


@pytest.fixture
def said(capsys, monkeypatch):
    """What a command prints of itself, in so many columns."""

    def print_(name: str, *arguments: str, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", [f"scripts/{name}.py", *arguments])
        assert answered(name, sys.argv[1:])
        return capsys.readouterr().out

    return print_


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_value_of_a_command_is_there_with_its_default_and_says_what_it_is(compose, entry):
    values = read([CONFIGS], entry).values
    composed = OmegaConf.to_container(compose(entry))
    own = {key for key in composed if key not in GROUPS} - {"command"}
    assert values.keys() == own
    for key, (default, said) in values.items():
        assert yaml.safe_load(default) == composed[key]
        assert said, f"configs/{entry}.yaml: say behind {key} what it is"


@pytest.mark.parametrize("entry", ENTRIES)
def test_help_shows_options_groups_and_examples_of_its_own_command(said, entry):
    printed, own = said(entry, "--help"), read([CONFIGS], entry)
    assert printed.startswith(f"usage: {command(entry)} ")
    text = " ".join(printed.split())
    for key, (default, comment) in own.values.items():
        assert f" {key}={'<needed>' if default == '???' else default} {comment} " in text
    for group, chosen in own.groups.items():
        choice = chosen[0] if len(chosen) == 1 else f"[{','.join(chosen)}]"
        options = sorted(file.stem for file in (CONFIGS / group).glob("*.yaml"))
        assert f" {group}={choice} " + (", ".join(options) if len(options) > 1 else "") in text
    assert " optimizer=" not in text or entry in ("train", "benchmark", "import_checkpoint")
    assert printed.count(f"\n  {command(entry)} ") == len(own.examples) == 4


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_examples_can_be_typed(compose, entry):
    for example in read([CONFIGS], entry).examples:
        arguments = shlex.split(re.sub("<[^<>]+>", "x", example), comments=True)
        compose(entry, to_hydra(entry, arguments))


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_usage_names_what_stands_by_itself(entry):
    first, *_ = read([CONFIGS], entry).usage
    named = re.sub(r"\[(<[^=]+>)\]", r"\1", first).removesuffix(" [<key>=<value> ...]")
    assert named == usage(entry)


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("entry", ENTRIES)
def test_it_fits_the_terminal(said, entry, columns):
    lines = said(entry, "-h", columns=columns).splitlines()
    text = lines[lines.index("options, each key=value") :]
    assert max(map(len, text)) <= min(columns, 100)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_says_what_it_is(choice):
    assert read([CONFIGS], choice).about, f"configs/{choice}.yaml: begin with what it is"


def test_a_group_has_its_choices_and_what_can_be_set_in_the_chosen_one(said):
    text = said("evaluate", "--help", "tracking", "fit=stretch")
    assert "tracking, chosen is tracking=null" in text
    assert "tracking=offline" in text
    assert "tracking.gap" not in text
    assert text.endswith("fit=stretch\n  Each side scaled by itself\n")
    text = said("train", "--help", "logger")
    assert "logger, chosen is logger=[csv,tensorboard]" in text
    assert "logger.csv.save_dir" in text
    assert "logger.tensorboard.save_dir" in text
    assert "logger.wandb" not in text
    # What an option takes over from another one is among its values; its own values win.
    text = said("train", "--help", "tracking=smooth", "experiment=own_video")
    assert re.search(r"tracking\.gap=0 +longest gap", text)
    assert "trainer.max_epochs=30" in text
    assert re.search(r"\n  image_size=\[368,640\] +half of 1280x720", text)
    assert "  data=generic\n" in text
    assert "  backbone=conv\n" in text


def test_a_choice_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="loss=bcee: expected one of bce, focal, offset, wbce"):
        answered("train", ["--help", "loss=bcee"])


def test_ones_own_configurations_are_choices(said, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\n# What I\n# do\nframes: 3  # fewer\n           # still\nseed: 1\n"
    )
    for flags in (["--config-dir", str(tmp_path)], [f"--config-dir={tmp_path}"]):
        assert "finetune_vit, mine, own_video" in said("train", "--help", *flags)
        text = said("train", *flags, "--help", "experiment=mine")
        assert text.endswith("  What I do\n  frames=3                    fewer still\n  seed=1\n")


def test_a_long_value_is_cut_and_a_list_is_written_as_it_is_typed(said):
    text = said("train", "--help", "data=tennis", "transform=crop")
    assert "data.splits.train=[game1,game2,game3,game4,game5,game6]" in text
    assert "transform.warp.crop=[96,160]" in text
    text = said("train", "--help", "data=basketball")
    assert re.search(r"data\.splits\.train=\[21800909,[\d,]+\.\.\.\n", text)


def test_what_stands_behind_the_two_dashes_is_no_flag():
    assert not answered("predict", ["run", "--", "--help"])
    assert not answered("predict", ["run", "--", "--version"])


def test_an_installed_program_is_called_as_it_is(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/tracknet-to-cvat"])
    answered("to_cvat", ["--help"])
    assert "usage: /somewhere/bin/tracknet-to-cvat " in capsys.readouterr().out


@pytest.mark.parametrize("script", sorted(file.stem for file in (ROOT / "scripts").glob("*.py")))
def test_every_script_has_help(run_script, script):
    first, *_ = run_script(script, "--help").stdout.splitlines()
    assert first.startswith("usage: ")
    assert f"scripts/{script}.py " in first


def test_there_is_one_version(run_script):
    assert run_script("info", "--version").stdout == f"tracknet {pages.version('tracknet')}\n"


def test_help_waits_for_no_torch():
    code = (
        "import sys; sys.argv = ['scripts/train.py', '--help']; from tracknet import cli;"
        "import atexit; atexit.register(lambda: print('torch' in sys.modules)); cli.train()"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fresh.stdout.endswith("\nFalse\n")
