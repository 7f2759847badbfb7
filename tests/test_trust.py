"""Nothing that came from somebody else chooses what is run, or where something is written."""

import copy
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch

import tracknet
from tracknet.checkpoint import load
from tracknet.errors import InputError
from tracknet.record import KEY
from tracknet.resume import resumed_arguments
from tracknet.trust import check_targets, is_trusted, short


def _words(text: str) -> list[str]:
    return text.split()


HOSTILE = _words(
    """
os.system posix.system os.execv os.popen os.remove os.putenv subprocess.run subprocess.Popen
builtins.exec builtins.eval builtins.open builtins.__import__ builtins.getattr
multiprocessing.util.spawnv_passfds pty.spawn runpy.run_path runpy.run_module code.interact
timeit.timeit cProfile.run importlib.import_module pydoc.locate pkgutil.resolve_name
webbrowser.open ctypes.CDLL pickle.loads pickle.load marshal.loads shelve.open numpy.load
numpy.save pandas.read_pickle pandas.eval torch.load torch.save torch.hub.load
torch.utils.cpp_extension.load torch.ops.load_library torch.jit.load joblib.load shutil.copyfile
shutil.rmtree pathlib.Path.write_text pathlib.Path.unlink tempfile.mktemp
urllib.request.urlretrieve urllib.request.urlopen http.server.test smtplib.SMTP
socket.create_connection logging.FileHandler logging.config.dictConfig hydra.utils.instantiate
hydra.utils.call hydra.main functools.partial operator.methodcaller lightning.pytorch.Trainer
transformers.AutoModel.from_pretrained transformers.pipeline tracknet.checkpoint.torch.load
tracknet.trust.importlib.import_module tracknet.files.os.replace tracknet.models.torch.hub.load
tracknet.build.instantiate tracknet.cli.train tracknet.files.write_text
tracknet.data.store.FrameStore tracknet.pipelines.train.train tracknet.record.rewrite
tracknet.models.ConvBackbone.__init__.__globals__ tracknet.models.ConvBackbone.load_state_dict
tracknet.models.ConvBackboneX .tracknet.models.ConvBackbone tracknet.models..ConvBackbone
canary.boom canary
"""
)
"""Targets that were tried; the last ones are of a module that leaves a mark when it is imported."""
PLACES = _words(
    """
inputs inputs.mean temporal temporal.x backbone backbone.widths backbone.widths.0 backbone.norm
backbone.cfg decoder decoder.norm detail detail.widths head head.prior head.deep.0.er codec
codec.sigma fit fit.source image_size
"""
)


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """A module that leaves a mark where it is imported or called, and what fails if it was."""
    mark = tmp_path / "mark"
    source = f"open({str(mark)!r}, 'w')\ndef boom(*_, **__): pass\nclass Own: pass\n"
    (tmp_path / "canary.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    assert not mark.exists()
    assert "canary" not in sys.modules


@pytest.fixture
def poisoned(tiny_run, tmp_path):
    """Makes a checkpoint of the tiny run whose configuration has something in a place."""
    best = torch.load(tiny_run / "checkpoints" / "best.ckpt", weights_only=True)

    def make(place: str, what: object, file: Path | None = None) -> Path:
        checkpoint = torch.load(file, weights_only=True) if file else copy.deepcopy(best)
        put(checkpoint[KEY]["config"], place, what)
        torch.save(checkpoint, tmp_path / "poisoned.ckpt")
        return tmp_path / "poisoned.ckpt"

    return make


def put(config: dict, place: str, what: object) -> None:
    *outer, last = place.split(".")
    for name in outer:
        if isinstance(config, dict) and not isinstance(config.get(name), dict | list):
            config[name] = [{}] if name == "deep" else {}
        config = config[int(name) if isinstance(config, list) else name]
    config[int(last) if isinstance(config, list) else last] = what


def one_sentence(error: BaseException) -> str:
    said = str(error)
    assert said
    assert "\n" not in said
    return said


def payload(target: str, folder: Path) -> dict:
    """A part that would do harm by most of these targets."""
    return {"_target_": target, "_args_": [f"touch {folder}/mark"], "path": str(folder / "mark")}


@pytest.mark.parametrize("target", HOSTILE)
def test_a_checkpoint_runs_nothing(canary, poisoned, target):
    place = PLACES[HOSTILE.index(target) % len(PLACES)]
    with pytest.raises(InputError, match=r"poisoned\.ckpt: ") as refused:
        tracknet.load(poisoned(place, payload(target, canary)))
    one_sentence(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_no_place_of_a_checkpoint_runs_anything(canary, poisoned, place):
    for target in HOSTILE[PLACES.index(place) % 2 :: 2]:
        with pytest.raises(InputError, match=r"poisoned\.ckpt: ") as refused:
            load(poisoned(place, payload(target, canary)))
        one_sentence(refused.value)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (
            {"_target_": "tracknet.models.ConvBackbone", "_partial_": True},
            "backbone._partial_=True",
        ),
        ({"_target_": ["os.system"]}, r"backbone._target_=\['os.system'\]: expected tracknet"),
        ({"_target_": "tracknet.codecs.GaussianCodec"}, "backbone._target_=tracknet.codecs"),
        ({"_target_": "a\x1b[2J\nb" * 99}, r"in a\?\[2J\?ba"),
    ],
)
def test_what_else_a_place_may_not_hold(poisoned, part, said):
    with pytest.raises(InputError, match=said) as refused:
        load(poisoned("backbone", part))
    assert "\x1b" not in one_sentence(refused.value)


@pytest.mark.parametrize(
    "command",
    [
        *("predict", "evaluate", "resume"),
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("init_from", "ckpt_path")),
    ],
)
def test_every_command_that_opens_a_checkpoint(
    canary, poisoned, run_script, tiny_run, tiny_data, tiny_network, tmp_path, command
):
    file, out = poisoned("codec.sigma", payload("os.system", canary)), tmp_path / "out"
    data = [s for s in tiny_data if s.startswith(("paths", "data"))]
    settings = {
        "predict": [f"ckpt={file}", f"source={make_frames(tmp_path / 'frames')}"],
        "evaluate": [f"ckpt={file}", *data],
        "init_from": [f"init_from={file}", *tiny_data, *tiny_network],
        "ckpt_path": [f"ckpt_path={file}", *tiny_data, *tiny_network],
        "resume": [f"resume={out}", *tiny_data, *tiny_network],
    }[command]
    if command in ("ckpt_path", "resume"):  # they go on from a training's whole state
        poisoned("codec.sigma", payload("os.system", canary), tiny_run / "checkpoints/last.ckpt")
    if command == "resume":
        shutil.copytree(tiny_run, out)
        shutil.copy(file, out / "checkpoints" / "last.ckpt")
        (out / "overrides.yaml").write_text("[]")
    name = command if command in ("predict", "evaluate") else "train"
    run = run_script(name, *settings, *([] if command == "resume" else [f"hydra.run.dir={out}"]))
    assert run.returncode == 1
    (said,) = run.stderr.splitlines()
    opened = out / "checkpoints" / "last.ckpt" if command == "resume" else file
    sentence = f"error: {opened}: codec.sigma._target_=os.system: expected no part at all"
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("data", "canary.Own"),
        ("data.root", "os.system"),
        ("data.splits.test", "canary.boom"),
        ("data.parts.a", "tracknet.data.store.FrameStore"),
    ],
)
def test_scoring_a_runs_own_data_runs_nothing(canary, poisoned, place, target):
    file, out = poisoned(place, payload(target, canary)), canary / "out"
    said = rf"poisoned\.ckpt: {place}\._target_={target}: expected"
    with pytest.raises(InputError, match=said) as refused:
        tracknet.evaluate(file, out)
    one_sentence(refused.value)
    assert not out.exists()


def make_frames(folder: Path) -> Path:
    import cv2
    import numpy as np

    folder.mkdir()
    for i in range(3):
        cv2.imwrite(str(folder / f"{i}.png"), np.zeros((36, 64, 3), np.uint8))
    return folder


def test_a_backbone_of_ones_own_loads_where_its_package_is_trusted(poisoned, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text(
        "import os, torch\nfrom tracknet.models import ConvBackbone as Base\n"
        "class Net(Base): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    widths = {"widths": [8, 16, 16], "stem": 2, "depth": 1, "norm": "batch"}
    file = poisoned("backbone", {"_target_": "mine.Net", **widths})
    with pytest.raises(InputError, match=r"add trust=<its package>"):
        load(file)
    assert "mine" not in sys.modules
    assert type(load(file, trust="mine").network.model.backbone).__name__ == "Net"
    for target in (
        "mine.os.system",
        "mine.torch.load",
        "mine.Base",
        "mine.os",
        "mine",
        "minefield.A",
    ):
        with pytest.raises(InputError, match=r"add trust=<its package>"):
            load(poisoned("backbone", {"_target_": target}), trust=["mine"])


def test_what_a_package_imports_is_not_its_own():
    assert is_trusted("tracknet.record.Record.of", ["tracknet"])
    assert is_trusted("tracknet.record.Record", ["tracknet.record"])
    assert not is_trusted("tracknet.record.Path", ["tracknet"])
    assert not is_trusted("tracknet.record.asdict", ["tracknet"])
    assert not is_trusted("tracknet.record.NETWORK", ["tracknet"])
    assert not is_trusted("tracknet.absent.Thing", ["tracknet"])
    assert not is_trusted("tracknet_evil.Thing", ["tracknet"])


def test_parts_of_a_mixed_data_set_are_data_sets():
    part = {"_target_": "tracknet.data.formats.generic.Generic"}
    mixed = {"_target_": "tracknet.data.mixed.Mixed", "parts": {"a": part}}
    check_targets({"data": {**mixed, "parts": {"a": part, "b": mixed}}}, ["data"], (), "it")
    mixed["parts"]["c"] = {"_target_": "tracknet.codecs.GaussianCodec"}
    with pytest.raises(InputError, match=r"it: data.parts.c._target_=tracknet.codecs"):
        check_targets({"data": mixed}, ["data"], (), "it")


OVERRIDES = """
backbone._target_=os.system
+backbone.x={_target_:os.system}
+callbacks.x={_target_:canary.boom}
callbacks.pictures={a:[{b:{_target_:canary.boom}}]}
callbacks.pictures._target_=pathlib.Path.write_text
+x=${oc.create:"{_target_:canary.boom}"}
+x="${oc.env:HOME}"
+x=${hydra:runtime.cwd}
backbone=../../evil
+callbacks=/evil
+../evil=x
experiment=[a,../evil]
+data@hydra.callbacks.x=synthetic
+data@hydra=synthetic
seed=1,2
seed=range(1,9)
a b c
optimizer._target_=canary.Own
+callbacks@other=default
+callbacks.x=${other.best}
+logger@_global_.hydra.callbacks=csv
data@mine=synthetic
""".strip().splitlines()


@pytest.mark.parametrize("override", OVERRIDES)
def test_a_runs_overrides_choose_no_code_and_no_files(canary, tmp_path, override):
    (tmp_path / "overrides.yaml").write_text(json.dumps(["seed=1", override]))
    with pytest.raises(InputError, match=r"overrides.yaml: ") as refused:
        resumed_arguments(["train.py", f"resume={tmp_path}"])
    one_sentence(refused.value)


DROPPED = """
hydra.run.dir=/elsewhere
+hydra.callbacks.x={_target_:canary.boom}
hydra/launcher=evil
++hydra.job_logging.handlers.x={class:logging.FileHandler,filename:/mark}
hydra.searchpath=[file:///evil]
--experimental-rerun=x.pkl
--config-dir=/evil
-m
--multirun
-cn=evil
paths.output=/elsewhere
paths.store=/elsewhere
~paths.store
callbacks.best.dirpath=/elsewhere
other.best.filename=../../elsewhere
trust.0=canary
resume@x=1
callbacks.pictures={dirpath:/elsewhere}
logger.tensorboard.save_dir=/elsewhere
logger=wandb
logger=[csv,mlflow]
+logger.mlflow.tracking_uri=http://elsewhere
logger.wandb.entity=them
trainer.default_root_dir=/elsewhere
data.cache=/elsewhere
+data.parts={a:{cache:/elsewhere}}
resume=/elsewhere
init_from=/elsewhere
ckpt_path=/elsewhere.ckpt
trust=canary
""".strip().splitlines()


def test_what_is_hydras_and_where_something_is_written_does_not_count(canary, tmp_path):
    (tmp_path / "overrides.yaml").write_text(json.dumps(["seed=1", *DROPPED, "backbone=conv"]))
    arguments = resumed_arguments(["train.py", f"resume={tmp_path}"])
    run = [f"resume={tmp_path}", f"hydra.run.dir={tmp_path}"]
    assert arguments == ["train.py", "seed=1", "backbone=conv", *run]


@pytest.mark.parametrize(
    "content",
    [
        "!!python/object/apply:os.system [touch mark]",
        "a: 1",
        "[[1]]",
        "[" * 5000,
        "\0",
        "- &a [*a]",
    ],
)
def test_overrides_that_are_no_list_of_text(canary, tmp_path, content):
    (tmp_path / "overrides.yaml").write_text(content)
    with pytest.raises(InputError, match=r"overrides.yaml: ") as refused:
        resumed_arguments(["train.py", f"resume={tmp_path}"])
    one_sentence(refused.value)


def test_ones_own_override_is_given_again_or_its_package_trusted(tmp_path):
    own = "codec._target_=tracknet.codecs.GaussianCodec"
    (tmp_path / "overrides.yaml").write_text(json.dumps([own, "+data@data.parts.a=tennis"]))
    with pytest.raises(InputError, match="give it again"):
        resumed_arguments(["train.py", f"resume={tmp_path}"])
    for further in (own, "trust=tracknet", "trust=[other,tracknet]"):
        assert own in resumed_arguments(["train.py", f"resume={tmp_path}", further])


def test_a_run_that_leads_out_of_itself_is_refused(tmp_path):
    run, outside = tmp_path / "run", tmp_path / "outside"
    run.mkdir()
    outside.mkdir()
    (run / "overrides.yaml").write_text("[]")
    (run / "checkpoints").symlink_to(outside)
    with pytest.raises(InputError, match="checkpoints leads out of it, or is no file"):
        resumed_arguments(["train.py", f"resume={run}"])


@pytest.mark.parametrize("odd", ["link to itself", "pipe", "hard link"])
def test_what_in_a_run_is_no_file_of_its_own(tmp_path, odd):
    run = tmp_path / "run"
    run.mkdir()
    (run / "overrides.yaml").write_text("[]")
    if odd == "link to itself":
        (run / "train.log").symlink_to("train.log")
    elif odd == "pipe":
        os.mkfifo(run / "train.log")
    else:
        (tmp_path / "precious").write_text("mine")
        os.link(tmp_path / "precious", run / "train.log")
    with pytest.raises(InputError, match=r"train\.log (leads out of it|is a file elsewhere)"):
        resumed_arguments(["train.py", f"resume={run}"])


def test_the_last_two_checkpoints_may_be_one_file(tmp_path):
    (tmp_path / "overrides.yaml").write_text("[]")
    (tmp_path / "last.ckpt").touch()
    os.link(tmp_path / "last.ckpt", tmp_path / "previous.ckpt")
    assert resumed_arguments(["train.py", f"resume={tmp_path}"])


ODD = {
    "fit=5": {"fit": 5},
    "split=7": {"split": 7},
    "control codes": {"split": "a\nb\x1b[31m"},
    "control codes in a": {"data": {"root": "a\0b"}},
    "nested deeper": {"data": {"x": json.loads("[" * 50 + "]" * 50)}},
    "data.clips": {"data": {"clips": {"../../../esc": 1}}},
}


@pytest.mark.parametrize("said", ODD)
def test_what_was_scored_is_plain(compose, evaluation, tmp_path, said):
    from tracknet.pipelines.compare import compare

    runs = [shutil.copytree(evaluation, tmp_path / name) for name in "ab"]
    metrics = json.loads((runs[0] / "metrics.json").read_text())
    for key, value in ODD[said].items():
        own = metrics["scored"][key]
        metrics["scored"][key] = {**own, **value} if isinstance(value, dict) else value
    (runs[0] / "metrics.json").write_text(json.dumps(metrics))
    own = [f"paths.{name}={tmp_path / name}" for name in ("output", "synthetic", "store")]
    with pytest.raises(InputError, match=said) as refused:
        compare(compose("compare", [f"runs=[{runs[0]},{runs[1]}]", *own]))
    one_sentence(refused.value)
    assert not (tmp_path / "synthetic").exists()


SCORED = {
    "data": payload,
    "data.root": payload,
    "data.splits": payload,
    "data.splits.test": payload,
    "data.corrected": payload,
    "data.parts.a": payload,
    "fit": payload,
    "fit.source": payload,
    "image_size": payload,
    "split": payload,
    "max_clips": payload,
}


@pytest.fixture(scope="module")
def evaluation(compose, tiny_run, tiny_data, tmp_path_factory):
    from tracknet.pipelines.evaluate import evaluate

    output = tmp_path_factory.mktemp("evaluation")
    data = [s for s in tiny_data if s.startswith(("paths", "data"))]
    evaluate(compose("evaluate", [*data, f"ckpt={tiny_run}", f"paths.output={output}"]))
    return output


@pytest.mark.parametrize("place", SCORED)
def test_an_evaluation_runs_nothing(canary, compose, evaluation, tmp_path, place):
    from tracknet.pipelines.compare import compare

    runs = [shutil.copytree(evaluation, tmp_path / name) for name in "ab"]
    metrics = json.loads((runs[0] / "metrics.json").read_text())
    target = HOSTILE[list(SCORED).index(place)] if "." in place else "canary.boom"
    put(metrics["scored"], place, payload(target, canary))
    (runs[0] / "metrics.json").write_text(json.dumps(metrics))
    given = [f"runs=[{runs[0]},{runs[1]}]", f"paths.output={tmp_path / 'out'}"]
    with pytest.raises(InputError) as refused:
        compare(compose("compare", given))
    assert place in one_sentence(refused.value)


def test_an_evaluation_does_not_say_where_clips_are_rendered(compose, evaluation, tmp_path):
    from tracknet.pipelines.compare import compare

    runs = [shutil.copytree(evaluation, tmp_path / name) for name in "ab"]
    metrics = json.loads((runs[0] / "metrics.json").read_text())
    metrics["scored"]["data"] |= {"cache": str(tmp_path / "victim"), "frames": 5}
    (runs[0] / "metrics.json").write_text(json.dumps(metrics))
    own = [f"paths.{name}={tmp_path / name}" for name in ("output", "synthetic", "store")]
    with pytest.raises(InputError, match="different clips"):
        compare(compose("compare", [f"runs=[{runs[0]},{runs[1]}]", *own]))
    assert not (tmp_path / "victim").exists()
    assert (tmp_path / "synthetic").is_dir()


@pytest.mark.parametrize("content", ["[" * 100_000, "{", "7", '{"split_sha256": 7}', "\0", ""])
def test_figures_that_are_none(compose, evaluation, tmp_path, content):
    from tracknet.pipelines.compare import compare

    run = shutil.copytree(evaluation, tmp_path / "run")
    (run / "metrics.json").write_text(content)
    given = [f"runs=[{run},{evaluation}]", f"paths.output={tmp_path / 'out'}"]
    with pytest.raises(InputError, match=r"metrics.json: no figures") as refused:
        compare(compose("compare", given))
    one_sentence(refused.value)


def test_what_is_shown_of_a_value_is_one_line():
    assert short("a\nb\x1b[31m") == "a?b?[31m"
    assert short({"a": 1}) == "{'a': 1}"
    assert len(short("x" * 10**6)) == 100
