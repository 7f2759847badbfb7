"""Runs scripts in forks of one process that has imported what they import.

That takes longer than most of them do. Each line read is a JSON list: a folder for what the script
prints, what is added to its environment, the script and its arguments; each line written is its
exit code.
"""

import faulthandler
import gc
import json
import os
import runpy
import sys
from multiprocessing import get_context
from pathlib import Path

from hydra import compose, initialize_config_dir

import tracknet.cli
import tracknet.pipelines.evaluate
import tracknet.pipelines.prepare
import tracknet.pipelines.train  # noqa: F401

LONGEST = 180
"""Seconds after which a script says where it stands, and ends."""


def script(folder: str, environment: dict[str, str], *command: str) -> None:
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT), descriptor)
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = list(command)
    runpy.run_path(command[0], run_name="__main__")


# What Hydra finds and learns by its first configuration is there for all.
with initialize_config_dir(str(Path(__file__).parents[1] / "configs"), version_base="1.3"):
    compose("train")
gc.freeze()  # else the first collection of each fork copies all of it

for line in sys.stdin:
    fork = get_context("fork").Process(target=script, args=json.loads(line))
    fork.start()
    fork.join()
    print(fork.exitcode, flush=True)
