"""Figures in `metrics.csv`: nothing twice, and one sentence where they cannot be written."""

import shutil

import pytest

from tracknet.errors import InputError
from tracknet.training.loggers import RunCSVLogger, forget_after

HEADER = "epoch,lr,step,train/loss_epoch,train/loss_step,val/f1\n"
FIRST = ",0.1,0,,,\n0,,0,,3.5,\n,0.1,1,,,\n0,,1,,2.5,\n"
EPOCH = "0,,1,,,0.25\n0,,1,3.0,,\n"
SECOND = ",0.1,2,,,\n1,,2,,2.0,\n"


@pytest.mark.parametrize(
    ("steps", "within_epoch", "every", "left"),
    [
        (2, False, 1, FIRST + EPOCH),
        (2, True, 1, FIRST),
        (2, True, 4, ",0.1,0,,,\n0,,0,,3.5,\n"),
        (3, True, 1, FIRST + EPOCH + SECOND),
        (0, True, 1, ""),
    ],
    ids=["epoch end", "same step, time over", "not due", "all but the cut one", "nothing"],
)
def test_rows_after_a_checkpoint_are_forgotten(tmp_path, steps, within_epoch, every, left):
    file = tmp_path / "metrics.csv"
    file.write_text(HEADER + FIRST + EPOCH + SECOND + "1,,3,")
    forget_after(file, steps, within_epoch, every)
    assert file.read_text() == HEADER + left
    forget_after(tmp_path / "absent.csv", steps, within_epoch, every)


def test_a_folder_that_was_deleted_is_said_in_one_sentence(tmp_path):
    run = tmp_path / "run"
    logger = RunCSVLogger(str(run))
    logger.log_metrics({"a": 1.0}, 0)
    logger.save()
    shutil.rmtree(run)
    logger.log_metrics({"a": 2.0}, 1)
    with pytest.raises(InputError, match=r"run/?: metrics\.csv cannot be written \(No such file"):
        logger.save()
