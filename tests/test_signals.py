"""What signals do to a process; training/test_signals.py sends them to trainings."""

import subprocess
import sys

import pytest

COMMAND = """
import os, signal, sys, time
from tracknet import signals
{setting}
with signals.SIGNALS.end_process():
    try:
        os.kill(os.getpid(), signal.{name})
        time.sleep(5)
    {then}
"""


def run(name: str, then: str = "finally: pass", setting: str = "") -> tuple[int, str]:
    code = COMMAND.format(name=name, then=then, setting=setting)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_command_ends_in_one_line_with_the_code_of_its_signal(name, code):
    assert run(name) == (code, "interrupted\n")


def test_a_signal_that_is_repeated_does_not_disturb_the_end():
    again = "finally: os.kill(os.getpid(), signal.SIGINT); print('done', file=sys.stderr)"
    assert run("SIGTERM", again) == (143, "done\ninterrupted\n")


def test_one_that_comes_later_ends_it_at_once():
    again = "finally: os.kill(os.getpid(), signal.SIGINT); print('done', file=sys.stderr)"
    assert run("SIGTERM", again, "signals.REPEATED = 0") == (143, "")


def test_an_error_that_comes_of_a_signal_has_its_code():
    assert run("SIGINT", "except KeyboardInterrupt: sys.exit(1)") == (130, "interrupted\n")


def test_one_that_comes_where_nothing_can_be_raised_comes_again():
    late = """
class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        long(0.01)
long, time.sleep = time.sleep, lambda _: None
"""
    done = run("SIGCHLD", "finally: Late(); long(30)", late)
    assert done == (130, "interrupted\n")


def test_other_ends_keep_their_code():
    assert run("SIGCHLD", "finally: sys.exit(3)", "time.sleep = lambda _: None") == (3, "")


def test_children_that_are_started_deaf_outlive_signals():
    code = """
import os, signal, subprocess
from tracknet.signals import deaf_children
with deaf_children():
    child = subprocess.Popen(["sleep", "0.3"])
child.terminate()
assert child.wait() == 0
assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""
    subprocess.run([sys.executable, "-c", code], check=True)
