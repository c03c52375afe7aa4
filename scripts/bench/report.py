"""The report at scale: 200 checkpoints x 500 samples, made up; what it costs to write, open and use in Chromium.

    python scripts/bench/report.py [--checkpoints 200] [--samples 500] [--chars 2000] [--out report.html]

"Longest task" is the longest that the page's main thread was busy without a break, as the browser itself reports it: what a
reader feels as a freeze. Verdicts are the checkers' on made-up responses; lengths are `--chars` characters, mostly CoT.
"""

import random
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from data.constraints.base import check_all
from data.example import completion
from data.response import split
from data.sources.tiny import Tiny
from eval.records import Record, Task
from eval.report import Point, write_report
from recipes.cli import described

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
REGIMES = (
    "SFT, long CoT",
    "SFT, short CoT",
    "GRPO, answer",
    "GRPO, answer + constraints",
    "GRPO, constraints",
)
WATCH = """new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.tasks ||= []).push(e.duration)))
.observe({type: "longtask", buffered: true})"""


def make_tasks(num: int) -> list[tuple[Task, str]]:
    """`num` tasks, half with constraints, each with a response that meets them."""
    source = Tiny(num // 2, num_constraints=(1, 2, 3), kinds="base")
    found = []
    for example in source.load(seed=0):
        response = split(example.completion or "").response
        found += [(Task(example, "with"), response), (Task(example, "without"), response)]
    return found


def make_record(
    task: Task, good: str, other: str, skill: float, words: int, chars: int, rng: random.Random
) -> Record:
    """A response that meets the constraints with probability `skill`, or another prompt's, after a CoT of `chars`."""
    lines = []
    while sum(map(len, lines)) < chars:
        a, b = rng.randrange(1000), rng.randrange(1000)
        lines.append(f"Let me see: {a} + {b} = {a + b}, so that is what there is now.\n")
    response = good if rng.random() < skill else other + " Well, that is IT, I think!"
    example = task.example
    return Record(
        key=task.key, problem=example.id, condition=task.condition, source=example.source, difficulty=example.difficulty,
        num_constraints=len(example.constraints), kinds=[c.name for c in task.constraints],
        met=check_all(task.constraints, response), correct=rng.random() < 0.4 + 0.5 * skill, extracted=example.answer,
        method="number", outcome="closed", truncated=False, reasoning_tokens=words + rng.randrange(40),
        response_tokens=len(response.split()), gold=example.answer or "", completion=completion("".join(lines), response),
    )  # fmt: skip


def make_points(tasks: list[tuple[Task, str]], num_checkpoints: int, chars: int) -> list[Point]:
    rng = random.Random(0)
    points = []
    for number in range(num_checkpoints):
        regime, step = number % len(REGIMES), 10 * (number // len(REGIMES) + 1)
        skill = min(
            0.95,
            0.5 + 0.1 * regime + 0.3 * (1 if regime > 1 else -1) * step / (2 * num_checkpoints),
        )
        records = [
            make_record(
                task,
                good,
                tasks[(place + 2) % len(tasks)][1],
                skill,
                60 + step // 4 * (regime + 1),
                chars,
                rng,
            )
            for place, (task, good) in enumerate(tasks)
        ]
        points.append(Point(REGIMES[regime], f"run{regime}", step, "tiny", records))
    return points


def longest(page: Page) -> str:
    """Of the tasks since the last call; browsers report those of 50 ms and more."""
    page.wait_for_timeout(300)
    tasks = page.evaluate("window.tasks ? window.tasks.splice(0) : []")
    return f"{max(tasks) / 1000:.2f} s" if tasks else "< 0.05 s"


def use(path: Path, table: Table) -> None:
    """Open the report and do with it what a reader does. Seconds until the page has drawn what was asked for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(WATCH)
        start = time.perf_counter()
        page.goto(path.resolve().as_uri(), wait_until="commit")
        page.wait_for_selector("html[data-ready]", timeout=120_000)
        table.add_row(
            "open, until samples are shown",
            f"{time.perf_counter() - start:.2f} s",
            longest(page),
        )
        for name, script in {
            "filter by difficulty (with intervals)": "select('difficulty', '3')",
            "and by kind (rates of 100,000 samples)": "select('kind', '2')",
            "hide a regime": "document.querySelector('#regimes input').click()",
            "last checkpoints, then no filters": "select('which', 'last'); document.getElementById('reset').click()",
            "open the table": "document.getElementById('numbers').open = true; drawNumbers()",
        }.items():
            took = page.evaluate(
                f"""() => new Promise((done) => {{
                    const start = performance.now();
                    const select = (id, value) => {{ const s = document.getElementById(id); s.value = value;
                        s.dispatchEvent(new Event("change")); }};
                    {script};
                    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
                }})"""
            )
            table.add_row(name, f"{took / 1000:.2f} s", longest(page))
        start = time.perf_counter()
        page.locator("#curve-chart .mark").nth(17).press("Enter")
        page.locator("#sample h3", has_text="step 180").wait_for()
        table.add_row(
            "drill down to a checkpoint",
            f"{time.perf_counter() - start:.2f} s",
            longest(page),
        )
        start = time.perf_counter()
        before = page.locator("#s-count").inner_text()
        page.locator("#s-search").fill("499 + 500")
        while page.locator("#s-count").inner_text() in (before, "Searching …"):
            page.wait_for_timeout(10)
        table.add_row(
            "search its completions",
            f"{time.perf_counter() - start:.2f} s",
            longest(page),
        )
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        table.add_row("JavaScript heap", f"{heap:.0f} MB", "")
        browser.close()


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--checkpoints", type=int, default=200)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--chars", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("runs/bench_report.html"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    tasks = make_tasks(args.samples)
    points = make_points(tasks, args.checkpoints, args.chars)
    start = time.perf_counter()
    write_report(points, {"tiny": [task for task, _ in tasks]}, args.out, "A made-up sweep")
    table = Table("", "time", "longest task")
    table.add_row("write", f"{time.perf_counter() - start:.1f} s", "")
    table.add_row("file", f"{args.out.stat().st_size / 1e6:.1f} MB", "")
    use(args.out, table)
    Console().print(
        f"{args.checkpoints} checkpoints x {args.samples} samples of {args.chars} characters"
    )
    Console().print(table)


if __name__ == "__main__":
    main()
