"""How many runs of a stranger's function a second, and against a plain `python -I -c` for each.

    python scripts/bench/sandbox.py [--runs N] [--workers N]

One run is one list of arguments, in a process of its own. `cases`: eight lists for one source in a call, as the instances of
a function are made; `single`: one; `cold`: a sandbox that is started for one run; `plain`: `subprocess.run([python, "-I",
"-c", ...])`, with none of the protection. All use as many threads as there are workers. Bar: 200 runs a second on two cores.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from data.sandbox import Outcome, Pool
from recipes.cli import described

CASES = 8
SOURCE = """def f(a, k):
    t = 0; w = 0; d = 0
    for x in a:
        if x % k == 0:
            t += x; w += 1
        elif x > 2 * k:
            t -= k; d += 1
    return t, {"w": w, "d": d}
"""
ARGUMENTS = [[6, 11, 9, 4, 20], 3]
RESULT = [9, {"w": 2, "d": 2}]


def plain(_: int) -> None:
    program = f"{SOURCE}\nimport json\nprint(json.dumps(f(*{ARGUMENTS!r})))"
    command = [sys.executable, "-I", "-c", program]
    found = subprocess.run(command, capture_output=True, check=True, timeout=5)
    assert json.loads(found.stdout) == RESULT


def cold(_: int) -> None:
    with Pool(1) as pool:
        assert pool.run(SOURCE, "f", ARGUMENTS) == Outcome(RESULT)


def rate(job: Callable[[int], None], calls: int, per_call: int, workers: int) -> float:
    """Runs a second."""
    with ThreadPoolExecutor(workers) as threads:
        started = time.perf_counter()
        list(threads.map(job, range(calls)))
        return calls * per_call / (time.perf_counter() - started)


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--runs", type=int, default=800)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with Pool(args.workers) as pool:
        protection = pool.protection()

        def single(_: int) -> None:
            assert pool.run(SOURCE, "f", ARGUMENTS) == Outcome(RESULT)

        def cases(_: int) -> None:
            found = pool.run_cases(SOURCE, "f", [ARGUMENTS] * CASES)
            assert found == [Outcome(RESULT)] * CASES

        rate(single, args.workers, 1, args.workers)  # starts them
        found = {
            "cases": rate(cases, args.runs // CASES, CASES, args.workers),
            "single": rate(single, args.runs, 1, args.workers),
            "cold": rate(cold, args.runs // 20, 1, args.workers),
            "plain": rate(plain, args.runs // 10, 1, args.workers),
        }
    print(f"in force: {', '.join(protection)}; {args.workers} workers")
    for name, runs in found.items():
        print(f"{name:8}{runs:8.0f} runs/s  {runs / found['plain']:6.1f} x plain")


if __name__ == "__main__":
    main()
