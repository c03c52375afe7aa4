"""Stand-ins for the programs that the batch scripts call: `python slurm_programs.py NAME ARGUMENTS`. Each appends its
call, as JSON, to $CALLS."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any


def say(*words: str) -> None:
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(words) + "\n")


def nodes() -> list[str]:
    return os.environ["NODES"].split()


def srun(arguments: list[str]) -> int:
    """A task on each node that is asked for; hands signals to all of them, as srun does."""
    count = len(nodes())
    while arguments[0].startswith("--"):
        option = arguments.pop(0)
        if option.startswith("--nodes="):
            count = int(option.removeprefix("--nodes="))
    tasks: list[Any] = []
    for heard in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(heard, lambda number, _: [task.send_signal(number) for task in tasks])
    for node in range(count):
        tasks.append(subprocess.Popen(arguments, env=os.environ | {"SLURM_NODEID": str(node)}))
    return max(abs(task.wait()) for task in tasks)


def scontrol(arguments: list[str]) -> int:
    if arguments[0] == "show":
        print("\n".join(nodes()))
    return 0


def accelerate(arguments: list[str]) -> int:
    """A launcher that would die of SIGUSR1, and its training process."""
    if "TRAINING" not in os.environ:
        return 0
    return subprocess.call([sys.executable, __file__, "training"])


def training(arguments: list[str]) -> int:
    asked: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: asked.append(number))
    say("listening")
    while not asked:
        time.sleep(0.02)
    time.sleep(0.3)  # it saves
    say("paused")
    return 0


def trl(arguments: list[str]) -> int:
    time.sleep(60)
    return 0


def curl(arguments: list[str]) -> int:
    """The server is healthy when it is asked again."""
    with open(os.environ["CALLS"], encoding="utf-8") as file:
        return int(sum(json.loads(line)[0] == "curl" for line in file) < 2)


def python(arguments: list[str]) -> int:
    if arguments[0].startswith("scripts/"):
        return subprocess.call([sys.executable, *arguments])
    say("part", os.environ.get("TETHER_PART", ""))
    time.sleep(float(os.environ.get("SWEEP_S", "0")))
    return 0


if __name__ == "__main__":
    name, *given = sys.argv[1:]
    if name != "training":
        say(name, *given)
    sys.exit(globals()[name](given))
