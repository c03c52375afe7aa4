"""How long scores take, from records in memory to intervals.

    OPENBLAS_NUM_THREADS=1 python scripts/bench/scores.py [--records 100000]

Three shapes of the same number of records: one checkpoint of 5,000 problems (without and with constraints, 10 samples of
each); one of 500 problems with 100 samples of each; and checkpoints of 500 problems, one sample of each, as in a sweep.
"""

import argparse
import random
import time
from dataclasses import fields

from eval.records import Record
from eval.scores import scores

KINDS = [f"family:kind_{number}" for number in range(15)]


def synthetic(num_problems: int, num_samples: int, rng: random.Random) -> list[Record]:
    known = {field.name for field in fields(Record)}
    found = []
    for problem in range(num_problems):
        kinds = rng.sample(KINDS, problem % 4)
        for condition in ("without", "with"):
            for sample in range(num_samples):
                own = kinds if condition == "with" else []
                values = dict(
                    key=f"{problem}/{condition}/{sample}", problem=f"p{problem}", condition=condition,
                    source=f"source_{problem % 5}", difficulty=problem % 6 + 1, num_constraints=len(kinds), kinds=own,
                    met=[rng.random() < 0.7 for _ in own], correct=rng.random() < 0.6, extracted="1", method="number",
                    outcome="closed", truncated=rng.random() < 0.1, reasoning_tokens=rng.randrange(4000),
                    response_tokens=rng.randrange(400), gold="1", completion="", sample=sample,
                )  # fmt: skip
                found.append(
                    Record(**{key: value for key, value in values.items() if key in known})
                )  # type: ignore[arg-type]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    total = parser.parse_args().records
    for num_problems, num_samples in ((5000, 10), (500, 100), (500, 1)):
        size = 2 * num_problems * num_samples
        records = synthetic(num_problems, num_samples, random.Random(0))
        start, cpu_start = time.perf_counter(), time.process_time()
        for _ in range(total // size):
            found = scores(records)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
        print(
            f"{total // size} x {size:,} records of {num_problems:,} problems: {seconds:.2f} s ({cpu:.2f} s of CPU), "
            f"{len(found)} scores each"
        )


if __name__ == "__main__":
    main()
