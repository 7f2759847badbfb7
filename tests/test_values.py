"""Nonsense is refused in one sentence that names the key; what makes sense is not."""

import re
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from tracknet import cli
from tracknet.build import build, build_all
from tracknet.errors import InputError
from tracknet.network import build_model
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.train import make_trainer
from tracknet.training.module import HeatmapModule
from tracknet.training.validation import Validation

TRAIN = """
command=banana
command=evaluate
task._target_=tracknet.Banana
image_size=[-64,128]
image_size=[0,128]
image_size=[64]
image_size=64
image_size=abc
image_size=null
frames=0
frames=17
codec=offset
loss=offset
frames=2.5
frames=true
inputs.background=maybe
inputs.background=null
inputs.differences=2
inputs.mean=[1]
inputs.std=abc
+inputs.frames=3
fit._partial_=false
+fit.banana=1
+temporal.frames=3
temporal.fusion=banana temporal=shared
temporal.norm=banana temporal=shared
heatmap_stride=0
heatmap_stride=-4
heatmap_stride=1000
batch_size=0
batch_size=auto
batch_size=abc
num_workers=-1
num_workers=100000
resident=maybe
seed=-1
seed=1.5
overfit=0
fold=7
fold=[a,b]
max_clips=-1
strict=maybe
resume=7
ckpt_path=7
+epochs=3
backbone.widths=[]
backbone.widths=[8,-1]
backbone.widths=[8,a]
backbone.widths=8
backbone.widths=[100000]
backbone.stem=0
backbone.stem=1.5
backbone.depth=-1
backbone.depth=100000
backbone.norm=banana
backbone.norm=null
+backbone.in_channels=6
+backbone.dept=2
backbone._target_=tracknet.models.Banana
backbone._target_=os.system
backbone._target_=null
+backbone._partial_=true
backbone.units=[2] backbone=vgg
backbone.units=[2,2,3,0] backbone=vgg
backbone.relu_first=maybe backbone=vgg
backbone.levels=5 backbone=hrnet
backbone.levels=0 backbone=hrnet
backbone.unused=1 backbone=hrnet
backbone.cfg=null backbone=vit
backbone.cfg.pretrained_model_name= backbone=vit
backbone.cfg.pretrained_model_name=7 backbone=vit
backbone.cfg.pretrained_model_name=null backbone=vit
backbone.cfg.use_pretrained=maybe backbone=vit
backbone.cfg.fallback_dim=0 backbone=vit
backbone.cfg.patch_size=0 backbone=vit
backbone.cfg.strict=2 backbone=vit
backbone.cfg.freeze=null backbone=vit
backbone.cfg.tv_model=banana backbone=convnext
backbone.cfg.tv_model=vit_b_16 backbone=convnext
backbone.cfg.freeze=maybe backbone=convnext
backbone.cfg.lora=-1 backbone=vit
backbone.cfg.checkpointing=2 backbone=vit
backbone.name=7 backbone=timm
backbone.name= backbone=timm
backbone.pretrained= backbone=timm
backbone.lora=1000 backbone=timm
+backbone.image_size=[64,64] backbone=timm
backbone.name=null backbone=hf
backbone.pretrained=maybe backbone=hf
parameters.decay=1 parameters=layer_decay
decoder.norm=banana
+decoder.heatmap_stride=0
decoder.lateral_dim=0 decoder=fpn
decoder.fuse=banana decoder=fpn
decoder.use_p2=maybe decoder=fpn
decoder.widths=[] decoder=upsampling
decoder.widths=[64,0] decoder=upsampling
detail.widths=[]
detail.widths=[-1]
detail.norm=banana
decoder.units=[] decoder=concat
decoder.skip_first=up decoder=concat
attention.kind=C attention=motion
frames=1 attention=motion
head.prior=0
head.prior=1
head.prior=abc
codec.sigma=0
codec.sigma=nan
codec.sigma=1e9
codec.sigma=-1
codec.candidates=0
codec.radius=0
codec.radius=1.5
codec.radius=0 codec=disc
codec.level=1 codec=disc
codec.weighted=2 codec=disc
loss.alpha=-1
loss.alpha=abc
loss.alpha=1e9
loss.beta=null
loss.beta=inf
loss.positive_weight=-5 loss=bce
loss.positive_weight=0 loss=bce
+loss.gamma=2
+loss._partial_=true
data.root= data=generic
data.root=7 data=generic
data.cache= data=synthetic
data.splits.train=abc
data.splits=7
data.normalised=maybe
data._target_=torch.nn.Banana
data.clips.train=-1 data=synthetic
data.clips=7 data=synthetic
data.frames=0 data=synthetic
data.frames=abc data=synthetic
data.frames=1000000000 data=synthetic
data.size=[360] data=synthetic
data.size=[0,640] data=synthetic
data.seed=-1 data=synthetic
data.parts=7 data=mixed
transform.warp.rotation=abc
transform.warp.flip=2
transform.warp.on_ball=-1
transform.warp.crop=[96]
transform.warp.crop=96
transform.warp.scale=0 transform=strong
transform.warp=7
transform.colour.gamma=-1
transform.colour.brightness=abc
transform.blur.still=-1 transform=heavy
transform.noise.strength=2 transform=heavy
transform.occlude.probability=nan transform=heavy
transform.mixup.probability=-0.1 transform=heavy
transform.backdrop.probability=2 transform=venues
+transform.reverse=yes
parameters._target_=banana
scheduler.max_lr=abc scheduler=one_cycle
init_from=7
sampling.balance=banana
sampling.weights=abc
+sampling.weights.a=-1
sampling.hard=7
sampling.hard_weight=0
optimizer.lr=abc
optimizer.lr=0
optimizer.lr=-1
optimizer.lr=1e9
optimizer.lr=null
optimizer.weight_decay=-1
+optimizer.betas=[2,3]
+optimizer.betas=0.9
+optimizer.learning_rate=1
optimizer._target_=torch.optim.Banana
optimizer._partial_=false
scheduler.warmup=abc
scheduler.warmup=5
scheduler.final=-1
scheduler._partial_=maybe
trainer.accelerator=banana
trainer.devices=0
trainer.devices=abc
trainer.precision=foo
trainer.max_epochs=0
trainer.max_epochs=abc
trainer.max_epochs=null
+trainer.max_steps=0
trainer.max_time=5
trainer.max_time=00:00:00:00
trainer.limit_train_batches=0
trainer.limit_train_batches=1.5
trainer.limit_val_batches=0
trainer.limit_val_batches=-1
trainer.check_val_every_n_epoch=0
trainer.check_val_every_n_epoch=30
trainer.accumulate_grad_batches=0
trainer.gradient_clip_val=-1
trainer.gradient_clip_val=abc
trainer.num_sanity_val_steps=2
trainer.log_every_n_steps=-1
trainer.enable_model_summary=maybe
trainer.use_distributed_sampler=true
+trainer.strategy=banana
+trainer.fast_dev_run=-1
+trainer.callbacks=[]
callbacks.pictures.samples=0
callbacks.pictures=7
callbacks.average.decay=1
callbacks.average.every=0
callbacks.best=null
callbacks.best.mode=min
callbacks.best.mode=banana
callbacks.best.monitor=banana
callbacks.best.monitor=null
callbacks.best.filename=foo
callbacks.best.dirpath=elsewhere
callbacks.last=null
callbacks.last.filename=best
callbacks.early_stopping.monitor=banana
callbacks.early_stopping.mode=min
callbacks.early_stopping.patience=-1
callbacks.progress.refresh_rate=-1
callbacks.progress.refresh_rate=abc
callbacks.estimate.steps=0
+callbacks.learning_rate.logging_interval=banana
callbacks.collapse.threshold=2
callbacks.rest.epochs=-1 experiment=finetune_vit backbone=vit decoder=upsampling
callbacks.interrupt.dirpath=null
callbacks.interrupt.dirpath=elsewhere
+trainer.overfit_batches=3
+trainer.profiler=banana
+trainer.reload_dataloaders_every_n_epochs=-1
+optimizer.momentum=0.9
logger.csv=7
logger.csv.save_dir=null
logger.tensorboard.save_dir=[1]
quiet=7
paths.root=null
paths.store=7
paths.output=
"""

OTHERS = """
evaluate batch_size=0
evaluate batch_size=abc
evaluate threshold=2
evaluate threshold=abc
evaluate device=banana
evaluate device=null
evaluate split=null
evaluate ckpt=7
evaluate predictions=7
evaluate image_size=[0,1]
evaluate fold=7
evaluate max_clips=0
evaluate strict=maybe
evaluate tracking.gap=abc tracking=offline
evaluate tracking.gap=-1 tracking=offline
evaluate tracking.weak=2 tracking=offline
evaluate tracking.start=-1 tracking=offline
evaluate tracking.turn=nan tracking=offline
evaluate tracking.gate=0 tracking=offline
evaluate tracking.reach=-1 tracking=offline
evaluate +tracking.smoother=7 tracking=offline
evaluate +tracking.jerk=7 tracking=offline
evaluate tracking.jerk=-1 tracking=online
evaluate tracking.speed=abc tracking=online
evaluate tracking.noise=0 tracking=online
evaluate tracking.patience=-1 tracking=online
evaluate tracking.gate=0 tracking=online
evaluate tracking.smoother.noise=0 tracking=smooth
evaluate tracking.smoother.gate=abc tracking=smooth
evaluate tracking.smoother.jerk=-1 tracking=smooth
predict batch_size=-1
predict threshold=-1
predict writers.overlay.trail=-1
predict writers.overlay=maybe
predict +writers.csv.colour=red
evaluate +protocols.mine=7
evaluate fit._partial_=false
predict ckpt=null
predict source=null
predict ckpt=7
predict trust=7
evaluate trust=[7]
train trust=null
predict tracking.gap=1.5 tracking=offline
adapt ckpt=null
adapt source=null
adapt reference=7
adapt share=0
adapt share=1.5
adapt rate=0
adapt tolerance=-1
adapt selection.frames=0
adapt selection.turn=0
adapt selection.low=2
adapt selection.gap=-1
adapt +selection.speed=1
adapt trainer.max_epochs=0
adapt device=banana
prepare image_size=[64.5,128]
prepare max_clips=abc
prepare strict=1
prepare data.root=null
compare runs=7
compare split=7
compare fold=7
compare max_clips=0
compare strict=maybe
export ckpt=7
export evaluations=7
export name=7
export precision=int8
export notes=[a]
to_cvat source=7.5
to_cvat labels=7
to_cvat predictions=7
to_cvat max_clips=-1
from_labels annotations=7
from_labels annotations=null
from_labels first_frame=2 annotations=a
from_labels class=[a,b] annotations=a
from_labels videos=[a,b] annotations=a
from_labels strict=perhaps annotations=a
import_checkpoint source=7
import_checkpoint source=null
import_checkpoint kind=banana
benchmark pairs=0
benchmark pairs=1.5
benchmark batches=abc
benchmark loss.alpha=-1
benchmark frames=0
"""
HYDRA = """
train backbone=vitt
train backbone=null
train detail=null
train ~backbone
train ~trainer
train ~optimizer
train experiment=banana
train debug=fastt
train +loss=bce
train frams=5
train fit=banana
train inputs.backgruond=true
train transform.wrap.flip=1
train optimizer.lrr=1
train trainer.max_epoch=3
train backbone.width=[8]
train trainer.max_epochs.foo=3
train +seed=1
train ~seeed
train seed=1,2
train seed
train seed=[1,
train loss=focal,bce
train paths.store=${nope}
train seed=${oc.env:TRACKNET_NOPE}
train seed=choice(1,2)
train hydra.foo=1
train data.splits=[train]
train ++image_size.7=3
evaluate tracking=banana
evaluate treshold=0.4
prepare ~data
predict tracking=null
predict sorce=a.mp4
prepare data=soccr
compare run=[a,b]
to_cvat label=a
from_labels annotation=a
benchmark pair=3
"""
SENSIBLE = """
train image_size=[96,160]
train frames=1
train inputs.background=true inputs.differences=false
train inputs.background=true inputs.grey=true temporal=shared inputs=frames
train inputs.previous=true inputs=frames
train temporal.fusion=attention temporal.norm=group temporal=shared inputs=frames
train codec=offset loss=offset
train inputs.mean=[0,0,0] inputs.std=[1,1,1]
train fit=stretch
train scheduler=one_cycle
train init_from=run
train heatmap_stride=1
train resident=false
train overfit=4 max_clips=1
train fold=match1
train ckpt_path=last
train backbone.widths=[8,8,8] decoder=fpn
train backbone.depth=0 backbone.norm=none
train backbone.stem=4
train backbone.cfg.use_pretrained=false backbone.cfg.patch_size=32 backbone=vit decoder=upsampling
train backbone.cfg.use_pretrained=false backbone=convnext
train backbone.cfg.freeze=true backbone.cfg.use_pretrained=false backbone=vit
train decoder.fuse=concat decoder.use_p2=true decoder=fpn
train decoder.widths=[8] decoder=upsampling
train detail=none
train detail.widths=[4,8,16]
train head.prior=0.5
train codec.sigma=2 codec.candidates=1
train loss.alpha=0 loss.beta=4
train loss.positive_weight=1 loss=bce
train loss=wbce
train transform=none
train transform=heavy
train transform.warp.crop=null
train transform.warp.flip=1 transform.colour=null
train sampling=clips +sampling.weights.a=2
train sampling.hard=predictions.csv sampling.hard_weight=2
train ~sampling
train data.normalised=true
train data.splits.train=[a,7]
train data.splits={train:[a],val:[b],test:[]}
train data.seed=7 data.frames=1 data.size=[90,160] data=synthetic
train data.clips={train:1,val:1,test:0} data=synthetic
train data=tennis_wasb
train data=shuttlecock data.corrected=false
train optimizer.lr=1 optimizer.weight_decay=0
train optimizer.lr=1.0e-4
train +optimizer.betas=[0.9,0.95]
train +optimizer.foreach=null +optimizer.amsgrad=true
train optimizer._target_=torch.optim.SGD +optimizer.momentum=0.9 +optimizer.nesterov=true
train optimizer._target_=torch.optim.Adam
train scheduler.warmup=0 scheduler.final=1
train trainer.devices=auto
train trainer.devices=1 trainer.accelerator=cpu
train trainer.precision=32-true
train trainer.precision=32
train trainer.max_time="00:01:00:00"
train trainer.max_epochs=100000 +trainer.max_steps=10
train +trainer.max_steps=-1 +trainer.min_epochs=2
train trainer.limit_train_batches=1 trainer.limit_val_batches=0.5
train trainer.limit_train_batches=1.0 trainer.limit_val_batches=3
train trainer.check_val_every_n_epoch=null
train trainer.accumulate_grad_batches=4
train trainer.gradient_clip_val=null
train trainer.gradient_clip_val=0
train +trainer.gradient_clip_algorithm=value
train +trainer.deterministic=warn +trainer.detect_anomaly=true +trainer.profiler=simple
train callbacks.early_stopping=null callbacks.average=null callbacks.pictures=null
train callbacks.early_stopping.monitor=val/loss callbacks.early_stopping.mode=min
train callbacks.best.monitor=val/loss callbacks.best.mode=min
train callbacks.pictures.samples=1 callbacks.progress.refresh_rate=0
train +callbacks.learning_rate.logging_interval=epoch
train logger.tensorboard=null
train logger=[]
train logger=csv
train quiet=true
train debug=overfit
train debug=fast
train debug=shapes
train callbacks.progress=null +trainer.enable_progress_bar=true
train +trainer.enable_progress_bar=false
train experiment=quickstart
train experiment=badminton
train experiment=own_video
train experiment=wasb backbone=hrnet
train experiment=tracknetv2 backbone=vgg decoder=concat backbone.relu_first=false
train experiment=tracknetv3 backbone=vgg decoder=concat
train experiment=tracknetv4 backbone=vgg decoder=concat attention.kind=B
train backbone=hrnet backbone.levels=1 backbone.unused=true
train decoder=concat decoder.units=[1]
train codec=disc codec.radius=3.5 fit=bicubic
train optimizer=adadelta
train +mine.width=8 backbone.widths=[${mine.width}]
benchmark pairs=1 batches=2
evaluate threshold=0 batch_size=4 device=cuda:1
evaluate threshold=7.5 ckpt=null predictions=a.csv
evaluate split=val overlap=pool max_clips=1
evaluate tracking=online tracking.jerk=0 tracking.patience=0
evaluate tracking=offline tracking.gap=3 tracking.weak=1
evaluate tracking=smooth tracking.gate=1
evaluate tracking=smooth tracking.smoother=null
predict source=12
predict trust=mine source=a.mp4
evaluate trust=[mine,yours]
predict source=rtsp://camera threshold=0.5 writers.overlay=null
adapt reference=a share=1 rate=0.01 tolerance=0 selection.score=0
adapt data=shuttlecock scheduler.warmup=0
prepare strict=true
compare runs=[1,b]
compare runs=a data=generic data.root=b
export ckpt=a evaluations=[a,b] name=c license=mit notes=a.md precision=float16
to_cvat source=a.mp4 labels=a.csv
to_cvat data=generic data.root=a predictions=a.csv
from_labels annotations=a/*.xml
from_labels annotations=a.json videos=b class=ball first_frame=1
from_labels annotations=a videos=12 class=0 strict=true
"""
GROUPS = {file.name for file in (Path(__file__).parents[1] / "configs").iterdir() if file.is_dir()}
GIVEN = {
    "train": ["data=generic", "data.root=absent", "backbone=conv", "decoder=unet"],
    "benchmark": ["data=generic", "data.root=absent", "backbone=conv", "decoder=unet"],
    "evaluate": ["data=generic", "data.root=absent", "ckpt=absent"],
    "prepare": ["data=generic", "data.root=absent"],
    "predict": ["ckpt=absent", "source=absent.mp4"],
    "adapt": ["ckpt=absent", "source=absent.mp4"],
    "compare": ["runs=[a,b]"],
    "export": ["ckpt=absent"],
    "import_checkpoint": ["source=absent", "kind=wasb"],
    "to_cvat": [],
    "from_labels": ["annotations=absent.zip"],
}
"""What makes each command complete."""
NOT_OURS = (
    "Traceback",
    "HYDRA_FULL_ERROR",
    "pydantic",
    "Error instantiating",
    "\n",
    "Input should",
)
VALUES = [f"train {line}" for line in TRAIN.split("\n")[1:-1]] + OTHERS.split("\n")[1:-1]
# predict.py looks at its parts while the video is being read, which is not there. A match may be
# called 7, and on a command line is.
UNSAID = re.compile(r"predict \S+\.|\S+ fold=\d")
SHOWN = [line for line in VALUES[:: len(VALUES) // 4] if not UNSAID.match(line)]
SHOWN += HYDRA.split("\n")[1:-1]


@pytest.fixture
def composed(compose):
    """A command's configuration with the overrides of a line."""

    def overridden(line: str) -> DictConfig:
        command, *overrides = line.split(" ")
        chosen = {o.split("=")[0] for o in overrides}
        given = [g for g in GIVEN[command] if g.split(".")[0].split("=")[0] not in chosen & GROUPS]
        rootless = {"data=mixed", "data=synthetic"} & {*overrides}
        root = ["data.root=absent"] if "data" in chosen and not rootless else []
        return compose(command, [*given, *root, "paths.output=run", *overrides])

    return overridden


def start(config: dict[str, Any]) -> None:
    """Builds what a command needs no data for."""
    for group in {"codec", "sampling", "selection", "data", "tracking", "fit"} & config.keys():
        build(config, group)
    for group in {"transform", "writers", "protocols"} & config.keys():
        build_all(config, group)
    if "trainer" in config and "task" in config:
        build(config, "task")
        make_trainer(config, build_all(config, "callbacks"), build_all(config, "logger"))
        groups = ("codec", "loss", "parameters", "optimizer", "scheduler")
        parts = {group: build(config, group) for group in groups}
        module = HeatmapModule(
            build_model(config), **parts, validation=Validation([]), config=config
        )
        module.total_steps = 10
        module.configure_optimizers()


@pytest.mark.parametrize("line", VALUES)
def test_nonsense_is_refused_by_name(composed, line):
    key = line.split(" ")[1].lstrip("+").partition("=")[0]
    with pytest.raises(InputError) as refused:
        start(read_settings(composed(line), line.split(" ")[0]))
    assert key in str(refused.value)
    assert not [words for words in NOT_OURS if words in str(refused.value)]


@pytest.mark.parametrize("line", SENSIBLE.split("\n")[1:-1])
def test_what_makes_sense_is_taken(composed, line):
    start(read_settings(composed(line), line.split(" ")[0]))


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_says_it_in_one_line(monkeypatch, tmp_path, capsys, line):
    command, nonsense, *choices = line.split(" ")
    monkeypatch.chdir(tmp_path)
    key = nonsense.lstrip("+~").partition("=")[0]
    unsuited = (f"{key}=", f"{key}.", *(["data."] if "data=synthetic" in choices else []))
    given = [g for g in GIVEN[command] if not g.startswith(unsuited)]
    argv = [command, *given, *choices, nonsense, "hydra.run.dir=run"]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as stop:
        getattr(cli, command)()
    said = f"{stop.value.code}"
    assert said.startswith("error: ")
    assert key in said
    assert not [words for words in NOT_OURS if words in said + capsys.readouterr().err]
