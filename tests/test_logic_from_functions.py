"""Users' functions as instances: what is taken from their file, which cases stay, and words by a server that fails."""

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from data.endpoint import Endpoint, Spent
from data.logic.from_functions.__main__ import arguments, main
from data.logic.from_functions.gold import Judge, fault, output_format
from data.logic.from_functions.source import Function, read_functions
from data.logic.from_functions.wording import Wording, describe, faults, read_verdict
from recipes.errors import UserError
from tests.support import free_port

ROOT = Path(__file__).resolve().parents[1]
FILE = '''"""Of mine."""
import math, os
from functools import reduce as fold
LIMIT = 2  # of what
unused = os.getcwd

def times(k):
    return LIMIT * k  # twice

@staticmethod
def lone(a):
    return fold(max, a), {"w": 1}

def total(a, k):
    """Add what k divides; otherwise take k off when it is larger than twice k. Count in w and d."""
    t = w = d = 0
    for x in a:
        if x % k == 0:
            t += x; w += 1
        elif x > times(k):
            t -= k; d += 1
    return t, {"w": w, "d": d}

def rare(a):
    return a, {"w": a}

def idle(a):
    return a, {"w": 0}
'''
TOTAL = FILE[FILE.index("def total") : FILE.index("\ndef rare")]
INPUTS = [
    ("total", [[6, 11, 9, 4, 20], 3]),  # 6, 3, 12, 12, 9: w 2, d 2
    ("total", [[5], 0]),  # ZeroDivisionError
    ("total", [[], 7]),
    ("total", [[10**7 + 1], 1]),  # too large
    ("total", [[1] * 50, 1]),  # w = 50
    ("total", [[1] * 49, 1]),
    ("rare", [1]),
    ("rare", [2]),
    ("rare", [True]),  # a tracker that is a truth value
]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    rows = [json.dumps({"function": name, "input": given}) + "\n" for name, given in INPUTS]
    (tmp_path / "inputs.jsonl").write_text("".join(rows))
    return tmp_path


@pytest.fixture
def server(tmp_path):
    """(base url, requests(): what was answered so far)"""
    port, log = free_port(), tmp_path / "log"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/describing_server.py"), port, str(log)]
    )
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
    yield (
        f"http://127.0.0.1:{port}/v1",
        lambda: [json.loads(line) for line in log.read_text().splitlines()],
    )
    process.kill()
    process.wait()


def launched(folder, *more):
    words = [str(folder / "mine.py"), "--inputs", str(folder / "inputs.jsonl"), "--out", str(folder / "out.jsonl"),
             "--cache", str(folder / "cache"), *more]  # fmt: skip
    main(arguments().parse_args(words))
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


# ---------------------------------------------------------------------- what is taken from a file


def test_a_function_comes_with_what_it_needs(files):
    found = read_functions(files / "mine.py")
    assert list(found) == ["times", "lone", "total", "rare", "idle"]
    assert (
        found["total"].source
        == "LIMIT = 2  # of what\ndef times(k):\n    return LIMIT * k  # twice\n" + TOTAL
    )
    assert found["lone"].source.startswith(
        "from functools import reduce as fold\n@staticmethod\ndef lone(a):\n"
    )
    assert found["total"].docstring.startswith("Add what") and found["rare"].docstring is None


def test_mistakes_are_one_line(files):
    path = files / "bad.py"
    with pytest.raises(UserError, match=r"bad.py: no such file; expected Python functions"):
        read_functions(path)
    path.write_text("x = 1\ndef f(:\n")
    with pytest.raises(UserError, match=r"bad.py:2: found no Python: invalid syntax"):
        read_functions(path)
    path.write_text("x = 1\n")
    with pytest.raises(UserError, match=r"bad.py: found no function"):
        read_functions(path)
    for row, said in (
        (
            {"function": "totl", "input": []},
            "jsonl:1: function: found 'totl'; expected one of times, lone, total",
        ),
        (
            {"function": "total", "input": 1},
            "jsonl:1: input: found 1; expected a list of arguments",
        ),
        (
            {"function": "total", "input": [[float("inf")], 1]},
            r"jsonl:1: input: found \[\[inf\], 1\]; expected finite numbers",
        ),
    ):
        (files / "inputs.jsonl").write_text(json.dumps(row))
        with pytest.raises(UserError, match=said):
            launched(files)
    (files / "inputs.jsonl").write_text("\n")
    with pytest.raises(UserError, match="found no row"):
        launched(files)


# ---------------------------------------------------------------------- which cases stay


@pytest.mark.parametrize(
    "given, value, reason",
    [
        ([1], [1, {"w": 49}], None),
        ([1], [1, {"w": 50}], "tracker of 50 or more"),
        ([1], [1, {"w": 1, "d": 50}], "malformed trackers"),  # others have w alone
        ([1], [1, {"d": 1}], "malformed trackers"),
        ([1], [1, {}], "malformed trackers"),
        ([1], [1, {"w": True}], "malformed trackers"),
        ([1], [1, {"w": 1.0}], "malformed trackers"),
        ([1], [1, {"w": "1"}], "malformed trackers"),
        ([1], [1, [1]], "malformed trackers"),
        ([1], [1, {"w": 1}, 2], "malformed trackers"),
        ([1], 1, "malformed trackers"),
        ([1], [0.123456, {"w": 1}], None),
        ([1], [0.1234567, {"w": 1}], "more than 6 decimals"),
        ([1], [{"a": [1e-7]}, {"w": 1}], "more than 6 decimals"),
        ([1], [1e22, {"w": 1}], None),
        ([10**7], [1, {"w": 1}], None),
        ([[-(10**7) - 1]], [1, {"w": 1}], "input beyond 10,000,000"),
        ([{"a": 10000000.5}], [1, {"w": 1}], "input beyond 10,000,000"),
    ],
)
def test_which_cases_are_fit(given, value, reason):
    assert fault(given, value, ["w"]) == reason


def test_gold_of_functions_that_go_wrong():
    def gold(source, *inputs):
        return judge.gold(Function("f", source, None), [list(one) for one in inputs])

    with Judge(timeout_s=0.4) as judge:
        hangs = gold("def f(a):\n while a == 2: pass\n return a, {'w': 1}", [1], [2], [3], [4])
        assert [case.output for case in hangs.cases] == [1]
        assert hangs.dropped == Counter({"after a timeout": 2, "timeout": 1})
        texts = [str(n) for n in range(30)]
        loose = gold("def f(a): return list(set(a)), {'w': len(set(a))}", [texts], [[1, 2]])
        assert loose.dropped == Counter({"not the same twice": 1}) and len(loose.cases) == 1
        refused = gold("import os\ndef f(a): return a, {'w': 1}", [1], [2])
        assert refused.dropped == Counter({"refused": 2}) and "import of os" in refused.said
        assert not refused.enough
        pair = gold("def f(a): return (a, a), {'w': 1}", [1], [2], [3])
        assert pair.enough and [case.output for case in pair.cases] == [[1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize(
    "outputs, expected",
    [
        ([1, 2], "int"),
        ([1, 2.5], "float or int"),
        ([True, None], "bool or null"),
        ([[1, 2], [3]], "list of int"),
        ([[], [[1], ["a"]]], "list or list of list of int or list of str"),
        ([{"a": 1}], "dict"),
    ],
)
def test_the_type_of_outputs(outputs, expected):
    assert output_format(outputs) == expected


# ---------------------------------------------------------------------- words

WORDY = Function("f", "def f(a): ...\n", None)


@pytest.mark.parametrize(
    "model, keys, rounds, requests",
    [
        ("mends-0", ["w"], 0, 2),  # describe, verify
        (
            "mends-0",
            ["w", "d"],
            1,
            3,
        ),  # d is not named, which is seen without asking: describe, mend, verify
        ("mends-2", ["w", "d"], 2, 5),  # describe, mend, verify, mend, verify
        ("mends-3", ["w"], 3, 8),  # describe, verify, three times mend and verify
        ("mumbles once", ["w"], 0, 3),
    ],
)
def test_descriptions_are_verified_and_mended(server, tmp_path, model, keys, rounds, requests):
    url, answered = server
    endpoint = Endpoint(model, url, tmp_path / "cache")
    found = describe(endpoint, WORDY, keys)
    assert found.rounds == rounds and found.description.startswith("INPUTS: a list.")
    assert (f"Mended {rounds} times" in found.description) is (rounds > 0)
    assert len(answered()) == requests and all(one["temperature"] == 0 for one in answered())
    assert endpoint.spent == Spent(requests, 100 * requests, 10 * requests)
    again = Endpoint(model, url, tmp_path / "cache")
    assert describe(again, WORDY, keys) == found and again.spent == Spent()
    assert len(answered()) == requests


def test_descriptions_are_given_up(server, tmp_path):
    url, _ = server
    found = describe(Endpoint("mends-4", url, tmp_path), WORDY, ["w"])
    assert found == Wording(None, 3, "still incomplete after 3 rounds")
    found = describe(Endpoint("mumbles", url, tmp_path), WORDY, ["w"])
    assert found == Wording(None, 0, "the verifier's answer could not be read")


@pytest.mark.parametrize(
    "text, keys, expected",
    [
        ("Count in w.", ["w"], []),
        ("Count in ways.", ["w"], ["the counter w is not named"]),
        ("w:\n```\nx\n```", ["w"], ["it contains code, which is not allowed"]),
        ("w\n  for x in a:\n", ["w"], ["it contains code, which is not allowed"]),
        ("For x in a list: return to w", ["w"], []),
    ],
)
def test_what_is_seen_without_a_model(text, keys, expected):
    assert faults(text, keys) == expected


def test_verdicts():
    assert (
        read_verdict(
            'so {"desc_is_complete": false, "missing_aspects": "ties"} it is'
        ).missing_aspects
        == "ties"
    )
    for answer in ("", "yes", "{}", '{"desc_is_complete": 7}', '{"a": {', "[1]"):
        assert read_verdict(answer) is None


def test_temperature_may_be_left_out(server, tmp_path):
    url, answered = server
    Endpoint("mends-0", url, tmp_path, temperature=None).ask("Below is a Python function.")
    assert "temperature" not in answered()[0]


def test_a_server_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("data.endpoint.MAX_RETRIES", 0)
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(UserError, match=rf"{url}: m: Connection error"):
        Endpoint("m", url, tmp_path).ask("x")


def test_the_cost_of_tokens():
    """2 million at 3, half a million at 8: 6 + 4"""
    assert Spent(1, 2_000_000, 500_000).cost(3.0, 8.0) == 10.0


# ---------------------------------------------------------------------- the command


def test_rows_are_the_benchmarks(files, server, capsys):
    url, answered = server
    words = ("--model", "mends-1", "--endpoint", url, "--price-in", "1000", "--price-out", "10000")
    found = launched(files, *words)
    assert [row["test_case_id"] for row in found] == [0, 2, 5]
    first = found[0]
    assert list(first) == ["task_id", "test_case_id", "input", "code_output", "function", "description", "instruction",
                           "stats_keys", "output_format", "complexity_metrics"]  # fmt: skip
    assert first["task_id"] == "mine_total" and first["input"] == [[6, 11, 9, 4, 20], 3]
    assert first["code_output"] == {"output": 9, "stats": {"w": 2, "d": 2}}
    assert [row["code_output"]["output"] for row in found] == [9, 0, 49]
    assert first["stats_keys"] == ["w", "d"] and first["output_format"] == "int"
    # for > if > elif; one call; C = 4; times 2 lines and total 9: 9 + 2 + 4 + 2.75
    assert first["complexity_metrics"]["code_complexity_score"] == 17.75
    assert (
        "Mended 1 times" in first["instruction"]
        and "[[6, 11, 9, 4, 20], 3]" in first["instruction"]
    )
    said = capsys.readouterr().out
    assert "sandbox: limits" in said
    for line in (
        "cases left out: 4 (1 raised, 1 input beyond 10,000,000, 1 tracker of 50 or more, 1 malformed trackers)",
        "  total: ZeroDivisionError: integer modulo by zero",
        "function left out: rare: 2 cases are left, fewer than 3",
        "functions without inputs: times, lone, idle",
        "out.jsonl: 3 cases of 1 functions",
        # describe, mend (d is not named), verify: 300 in, 30 out
        "asked 3 times, 0 of them answered by the cache; 300 tokens in, 30 out, 0.6000 in the currency of your prices",
    ):
        assert line in said
    assert launched(files, *words) == found and len(answered()) == 3
    assert (
        "asked 3 times, 3 of them answered by the cache; 0 tokens in, 0 out, 0.0000"
        in capsys.readouterr().out
    )


def test_a_function_that_cannot_be_described_is_counted(files, server, capsys):
    assert launched(files, "--model", "never", "--endpoint", server[0]) == []
    said = capsys.readouterr().out
    assert "function left out: total: description: still incomplete after 3 rounds" in said
    assert "out.jsonl: 0 cases of 0 functions" in said


def test_without_a_model_docstrings_are_taken(files):
    assert launched(files)[0]["description"].startswith("Add what k divides;")
    (files / "inputs.jsonl").write_text(
        "".join(json.dumps({"function": "idle", "input": [n]}) + "\n" for n in range(3))
    )
    with pytest.raises(UserError, match="idle: found no docstring; give --model"):
        launched(files)


def test_the_file_is_never_imported(files):
    mark = files / "ran"
    (files / "mine.py").write_text(f"open({str(mark)!r}, 'w')\n" + FILE)
    assert len(launched(files)) == 3 and not mark.exists()
