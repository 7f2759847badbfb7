"""Runs scripts in forks of one process that has imported what they import.

That takes longer than most of them do. Each line read is a JSON list: a folder for what the script
prints, the script and its arguments; each line written is its exit code.
"""

import json
import os
import runpy
import sys

import tracknet.cli
import tracknet.pipelines.evaluate
import tracknet.pipelines.prepare
import tracknet.pipelines.train  # noqa: F401

for line in sys.stdin:
    folder, *sys.argv = json.loads(line)
    fork = os.fork()
    if not fork:
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT), descriptor)
        runpy.run_path(sys.argv[0], run_name="__main__")
        break
    print(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]), flush=True)
