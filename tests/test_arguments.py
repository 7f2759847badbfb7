"""Any file name, any shell: names are taken literally, and what is printed can be pasted."""

import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from tracknet.arguments import PLACES, override, text_of, to_hydra, usage, value_of
from tracknet.console import quoted
from tracknet.errors import InputError
from tracknet.names import readable
from tracknet.video import VideoWriter

ROOT = Path(__file__).parents[1]
NAMES = [
    *("Match (1).mp4", "a b.mp4", " leading", "trailing ", "a=b.mp4", "ckpt=a.mp4", "a,b.mp4"),
    *("[a,b]", "[a", "{a: b}", "it's.mp4", '"q".mp4', "'q'", "#1.mp4", "a&b;c.mp4", "12:30.mp4"),
    *("~x.mp4", "~", "-dash.mp4", "--help", "0123", "1e5", "2024_06_01", "null", "true", "nan"),
    *("???", "*.mp4", "${x}.mp4", "$HOME", r"\${x}", "back\\slash", "end\\", "choice(a,b)", "+a=b"),
    *("M\u00fcller.mp4", "Mu\u0308ller.mp4", "\u7403 \U0001f3be.mp4", "rally_\udce9.mp4"),
    *("x" * 246 + ".mp4", "tab\tand\nline.mp4", "!x`y`|<>.mp4", "%d@/..mp4".replace("/", ":")),
]
"""Hostile ones, by themselves and, without a folder before them, to Hydra's grammar."""
SETTINGS = {
    "predict": ["ckpt", "source"],
    "evaluate": ["ckpt", "predictions", "data.root"],
    "prepare": ["data.root", "paths.store"],
    "train": ["data.root", "resume", "init_from", "hydra.run.dir", "data.parts.a.root"],
    "adapt": ["ckpt", "source", "reference", "data.root"],
    "compare": ["runs"],
    "to_cvat": ["source", "labels"],
    "from_labels": ["annotations", "videos"],
}
"""Those that hold paths, of every command."""


def read(one: str):
    """The value of an override as the configuration will have it."""
    value = OverridesParser.create().parse_override(one).value()
    return OmegaConf.to_container(OmegaConf.create({"value": value}), resolve=True)["value"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder; makes files in it."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str) -> None:
        for name in names:
            Path(name).touch()

    return make


def meant(name: str) -> str:
    return "./???" if name == "???" else name  # which OmegaConf has a meaning for


@pytest.mark.parametrize("name", NAMES, ids=readable)
def test_a_name_by_itself_is_taken_literally(here, name):
    here(name)
    for command, places in PLACES.items():
        key = places[0].rstrip("*")
        given = to_hydra(command, ["--", name])
        assert given[0].startswith(f"{key}=")
        assert read(given[0]) == meant(name)
        assert value_of(given[0]) == meant(name)
        assert to_hydra(command, given)[: len(given)] == given, "a process that is started again"
    assert [read(one) for one in to_hydra("predict", ["--", "run", name])] == ["run", meant(name)]
    _, several = to_hydra("predict", ["--", "run", name, name])
    assert read(several) == [meant(name)] * 2


@pytest.mark.parametrize("name", NAMES, ids=readable)
def test_the_value_of_a_setting_that_holds_paths_is_taken_literally(here, name):
    here(name)
    for command, keys in SETTINGS.items():
        for key in keys:
            (given,) = to_hydra(command, [f"{key}={name}"])
            assert read(given) == meant(name), key
            assert read(text_of(given).partition("=")[2] and given) == meant(name)
    (given,) = to_hydra("train", [f"++data.root={name}"])
    assert given.startswith("++data.root=")
    assert read(given) == meant(name)


@pytest.mark.parametrize(
    "name", sorted({*NAMES} - {"~", "--help", "ckpt=a.mp4", "+a=b"}), ids=readable
)
def test_a_file_is_a_file_without_two_dashes(here, name):
    here(name)
    (given,) = to_hydra("from_labels", [name])
    assert read(given) == meant(name)


@pytest.mark.parametrize(
    "name", sorted({*NAMES} - {"[a,b]", "'q'", "null", "${x}.mp4", r"\${x}"}), ids=readable
)
def test_what_is_not_there_yet_is_literal_too(here, name):
    (given,) = to_hydra("train", [f"hydra.run.dir={name}"])
    assert read(given) in (meant(name), str(Path.home()))


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("source=null", None),
        ("hydra.run.dir=null", "null"),
        ("source='Match (1).mp4'", "Match (1).mp4"),
        ('source="it\'s"', "it's"),
        ("source=[a (1).mp4, 0123]", ["a (1).mp4", "0123"]),
        ("source=['a,b',c]", ["a,b", "c"]),
        ("runs=[]", []),
        ("data.splits.test=[2024_06_01,1]", ["2024_06_01", "1"]),
        ("paths.store=~/store", os.path.expanduser("~/store")),
        ("ckpt=", ""),
        ("threshold=0.5", 0.5),
        ("image_size=[288,512]", [288, 512]),
    ],
)
def test_what_hydras_grammar_is_for_stays(here, given, taken):
    (one,) = to_hydra("predict", [given])
    assert read(one) == taken


def test_references_and_sweeps_stay(here):
    (given,) = to_hydra("train", ["hydra.run.dir=${paths.root}/my run (1)"])
    value = OverridesParser.create().parse_override(given).value()
    assert OmegaConf.create({"paths": {"root": "a"}, "v": value}).v == "a/my run (1)"
    parse = OverridesParser.create().parse_override
    swept = ["ckpt=a (1),0123", "source=choice(a,b)", "runs=[a,b],[a,c]", "loss=focal,bce"]
    flag, *sweep = to_hydra("train", [*swept, "-m"])
    assert flag == "-m"
    assert [parse(one).is_sweep_override() for one in sweep] == [True] * 4
    assert [*parse(sweep[0]).sweep_string_iterator()] == ["'a (1)'", "0123"]
    here("a,b")
    (_, alone) = to_hydra("train", ["-m", "ckpt=a,b"])
    assert not parse(alone).is_sweep_override()


def test_a_word_is_a_setting_if_there_is_such_a_setting(here):
    here("x=1.mp4", "source=2.mp4")
    assert to_hydra("predict", ["x=1.mp4", "y=3.mp4"]) == ["y=3.mp4", "ckpt='x=1.mp4'"]
    assert to_hydra("predict", ["source=2.mp4"]) == ["source=2.mp4"]
    assert to_hydra("predict", ["--", "source=2.mp4"]) == ["ckpt='source=2.mp4'"]
    assert to_hydra("train", ["~debug", "+a=1", "data@data.parts.a=generic", "loss/x=1"]) == [
        *("~debug", "+a=1", "data@data.parts.a=generic", "loss/x=1")
    ]


def test_options_keep_their_values_and_come_first(here):
    given = to_hydra("train", ["seed=1", "--cfg", "job", "folder", "-cn", "own", "--resolve"])
    assert given[:5] == ["--cfg", "job", "-cn", "own", "--resolve"]
    assert to_hydra("train", ["--info", "all", "--unknown"]) == ["--info", "all", "--unknown"]


@pytest.mark.parametrize(
    ("command", "words", "given"),
    [
        ("train", ["d"], ["data.root=d", "experiment=own_video"]),
        ("train", ["d", "data=tennis"], ["data=tennis", "data.root=d"]),
        ("train", ["d", "experiment=badminton"], ["experiment=badminton", "data.root=d"]),
        ("train", ["d", "resume=r"], ["resume=r", "data.root=d"]),
        ("prepare", ["d"], ["data.root=d", "data=generic"]),
        ("evaluate", ["r"], ["ckpt=r"]),
        ("evaluate", ["r", "d"], ["ckpt=r", "data.root=d", "data=generic"]),
        ("evaluate", ["predictions=p", "d"], ["predictions=p", "data.root=d", "data=generic"]),
        ("predict", ["r", "a", "b"], ["ckpt=r", "source=[a,b]"]),
        ("predict", ["ckpt=r", "a", "b"], ["ckpt=r", "source=[a,b]"]),
        ("predict", ["r", "source=a"], ["source=a", "ckpt=r"]),
        ("predict", ["r", "0"], ["ckpt=r", "source='0'"]),
        ("adapt", ["r", "a", "b"], ["ckpt=r", "source=[a,b]"]),
        ("compare", ["a", "b"], ["runs=[a,b]"]),
        ("export", ["r", "a", "b"], ["ckpt=r", "evaluations=[a,b]"]),
        ("import_checkpoint", ["a.pt", "wasb"], ["source=a.pt", "kind=wasb", "experiment=wasb"]),
        ("import_checkpoint", ["a.pt", "kind=x"], ["kind=x", "source=a.pt"]),
        ("to_cvat", ["v"], ["source=v"]),
        ("to_cvat", ["v", "w", "l"], ["source=[v,w]", "labels=l"]),
        ("from_labels", ["a", "b"], ["annotations=a", "videos=b"]),
    ],
)
def test_names_have_their_places(here, command, words, given):
    assert to_hydra(command, words) == given


def test_a_name_too_many_is_refused(here):
    with pytest.raises(InputError, match=r"^b: a name too many; train takes <data folder>, and a"):
        to_hydra("train", ["a", "b"])
    assert usage("predict") == "<run> <video or folder> ..."


def test_the_other_form_of_an_accent_is_found(here):
    here("Mu\u0308ller.mp4")
    assert to_hydra("predict", ["r", "M\u00fcller.mp4"])[1] == override(
        "source", "Mu\u0308ller.mp4"
    )


@pytest.mark.parametrize("name", NAMES, ids=readable)
def test_a_shell_reads_back_what_is_printed(name):
    line = f"printf %s {quoted(name)}"
    said = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout
    assert os.fsdecode(said) == name
    assert readable(line) == line


def clip(place: Path) -> None:
    """A video of a few frames with its labels, at a path without ending."""
    place.parent.mkdir(parents=True, exist_ok=True)
    video = Path(f"{place}.mp4")
    with VideoWriter(video, (64, 128), Fraction(25)) as writer:
        for i in range(6):
            picture = np.full((64, 128, 3), 60, np.uint8)
            picture[30:34, 20 + 5 * i : 24 + 5 * i] = 250
            writer.write(picture)
    rows = "".join(f"{i},1,{22 + 5 * i},32\n" for i in range(6))
    Path(f"{place}.csv").write_text("Frame,Visibility,X,Y\n" + rows)


def dataset(root: Path, name: str) -> Path:
    for split in ("train", "val", "test"):
        clip(root / split / name)
    return root


def check(done, code: int = 0) -> str:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def train_and_go_on(run_script, root: Path, run: Path, store: Path, tiny_network) -> list[str]:
    """Trains, goes on, and does what else there is with awkward names; the commands printed."""
    small = [
        f"paths.store={store}",
        "image_size=[32,64]",
        "batch_size=4",
        "callbacks.pictures=null",
    ]
    check(run_script("prepare", root, *small[:2], f"hydra.run.dir={run} prepared"))
    check(run_script("prepare", "data=generic", f"data.root={root}", *small[:2]))
    own = ["experiment=quickstart", "data=generic", *tiny_network, *small]
    check(run_script("train", root, *own, "trainer.max_epochs=1", f"hydra.run.dir={run}"))
    said = check(run_script("train", f"resume={run}", "trainer.max_epochs=2"))
    out = [f"hydra.run.dir={run} scored", f"paths.store={store}"]
    check(run_script("evaluate", run, root, *out))
    check(run_script("evaluate", f"ckpt={run}", "data=generic", f"data.root={root}", *out))
    scored = f"{run} scored/predictions.csv"
    check(run_script("evaluate", f"predictions={scored}", root, *out[1:], *small[1:2]))
    check(run_script("predict", run, root / "test", f"hydra.run.dir={run} found"))
    (file,) = (root / "test").glob("*.mp4")
    check(run_script("predict", f"ckpt={run}", f"source={file}", f"hydra.run.dir={run} found"))
    assert len([*Path(f"{run} found").glob("*.csv")]) == 1
    return [line.strip() for line in said.splitlines() if re.search(r"scripts/\w+\.py", line)]


@pytest.mark.slow
def test_a_data_set_and_runs_with_awkward_names(run_script, tiny_network, tmp_path):
    root = dataset(tmp_path / "it's [my, own] (data)=1 \udce9" / "0123", "Mu\u0308ller_\udce9 #1")
    printed = train_and_go_on(
        run_script,
        root,
        tmp_path / "runs" / "a (1), {b} & 'c' #1",
        tmp_path / "~store",
        tiny_network,
    )
    assert [re.search(r"scripts/(\w+)", line)[1] for line in printed] == [
        *("evaluate", "predict", "train")
    ]
    for line in printed:
        words = subprocess.run(
            ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True
        ).stdout
        words = [os.fsdecode(word) for word in words.split(b"\0")[2:-1]]
        name = re.search(r"scripts/(\w+)", line)[1]
        store = [f"paths.store={tmp_path / '~store'}"] * (name == "evaluate")
        own = [f"hydra.run.dir={tmp_path / 'pasted'}"] * (name != "train")
        words = ["trainer.max_epochs=2" if "max_epochs" in word else word for word in words]
        check(run_script(name, *words, *store, *own))


def test_videos_with_awkward_names_are_all_done(run_script, tiny_run, tmp_path):
    clip(tmp_path / "a")
    names = ["Match (1), [x].mp4", "12:30 ~x.mp4", "0123", "x" * 246 + ".mp4", "rally_\udce9.mp4"]
    for name in names:
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "a.mp4", tmp_path / "in" / name)
    files = [tmp_path / "in" / name for name in names]
    out = tmp_path / "out (1)"
    done = run_script("predict", tiny_run, *files, tmp_path / "none", f"hydra.run.dir={out}")
    check(done, 1)
    assert f"{tmp_path / 'none'}: no such file or folder" in done.stderr
    tables = {file.name for file in out.glob("*.csv")}
    assert tables > {"Match (1), [x].csv", "12:30 ~x.csv", "0123.csv", "rally_\udce9.csv"}
    assert len(tables) == len([*out.glob("*_overlay.mp4")]) == len(names)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("predict", ["none", "none.mp4"]),
        ("predict", ["none", "0"]),
        ("evaluate", ["none", "nowhere"]),
        ("train", ["nowhere"]),
        ("prepare", ["nowhere", "max_clips=0"]),
    ],
)
def test_a_refused_command_leaves_nothing(run_script, tmp_path, name, words):
    done = run_script(name, *words, f"paths.root={tmp_path / 'outputs'}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_was_there_stays(run_script, tmp_path):
    done = run_script("train", tmp_path / "none", f"hydra.run.dir={tmp_path}")
    assert done.returncode == 1
    assert tmp_path.is_dir()


@pytest.mark.parametrize("place", ["data", "run"])
def test_a_name_that_no_checkpoint_could_keep_is_refused_before_training(
    run_script, tmp_path, place
):
    root = dataset(tmp_path / ("line\nfeed" if place == "data" else "data"), "a")
    run = tmp_path / ("run_\udce9" if place == "run" else "run")
    done = run_script("train", root, f"hydra.run.dir={run}")
    assert done.returncode == 1
    assert ("control codes" if place == "data" else "choose another name") in done.stderr
    assert not run.exists()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_every_name_in_every_command_and_all_that_is_printed(
    run_script, tiny_network, tmp_path, part
):
    # resume= refuses what reads as an interpolation in a run's own overrides.
    left = (name for name in NAMES[part::5] if not re.search(r"[\t\n]|\$\{", name))
    names = [name for name in left if len(name) < 200]
    root = dataset(tmp_path / "data" / "/".join(names), names[0].removesuffix(".mp4"))
    run = tmp_path / "/".join(name for name in names if "\udce9" not in name)
    for line in train_and_go_on(run_script, root, run, tmp_path / "store", tiny_network):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        pasted = subprocess.run(
            ["bash", "-c", os.fsencode(line)], env=environment, capture_output=True
        )
        assert pasted.returncode == 0, pasted.stderr


@pytest.mark.slow
def test_every_name_of_a_video_alone_and_among_others(run_script, tiny_run, tmp_path):
    clip(tmp_path / "a")
    (tmp_path / "in").mkdir()
    for name in NAMES:
        shutil.copy(tmp_path / "a.mp4", tmp_path / "in" / name)
    command = [sys.executable, str(ROOT / "scripts/predict.py"), str(tiny_run)]
    command += ["hydra.run.dir=../out", "writers.overlay=null", "--", *NAMES]
    done = subprocess.run(command, cwd=tmp_path / "in", capture_output=True, text=True)
    check(done)
    assert len([*(tmp_path / "out").glob("*.csv")]) == len(NAMES)
