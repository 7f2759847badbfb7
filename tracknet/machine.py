"""What the machine is, for whoever reads how fast something was on it; without torch."""

import os
import platform
import subprocess
import sys
from pathlib import Path


def processor() -> str:
    """The name of the processor, as far as the system says it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return value.strip()
    if sys.platform == "darwin":
        ask = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(ask, capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def cores() -> str:
    """How many cores there are, and how many of them this process may use."""
    here = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else here
    return f"{here} cores" + (f", {usable} of them for this process" if usable < here else "")
