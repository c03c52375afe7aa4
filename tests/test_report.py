"""report.html in a headless Chromium: it opens without network, filters, shows intervals, drills down to samples, marks what
breaks a constraint, prints, and fits a phone. Expected figures are counted by hand from the samples below, or are those of
eval.scores.
"""

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from data.constraints.base import check_all, from_spec
from data.example import Example, completion
from eval.attention.records import AttentionRecord
from eval.attention.summary import Attended
from eval.records import Record, Rules, Task
from eval.report import Point, write_report
from eval.report.page import FOLDER, SCRIPTS
from eval.scores import scores

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine (make chromium)"
)
NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
NO_SUM = from_spec("keywords:forbidden_words", {"forbidden_words": ["sum"]}, "test")
PROBLEMS = {
    "p1": (1, (NO_COMMA,)),
    "p2": (1, (NO_COMMA, NO_SUM)),
    "p3": (2, (NO_COMMA,)),
    "p4": (2, (NO_SUM,)),
}
GOOD = {name: ("All is fine \\boxed{4}", True) for name in PROBLEMS}
# HAcc 2 of 4; of the three prompts with no_comma 1, of the two of difficulty 1 none.
MIXED = {
    "p1": ("a, b 😀, c", True),
    "p2": ("The sum, </script><b>bold</b> " + "x" * 300, False),
    "p3": ("fine", True),
    "p4": ("fine", None),
}
FILLERS = [
    f"q{number:02d}" for number in range(30)
]  # asked without constraints: more than a page of samples


def make_tasks():
    found = []
    for name, (difficulty, constraints) in PROBLEMS.items():
        example = Example(name, "test", f"Question {name}?", "4", constraints, difficulty)
        found += [Task(example, "with"), Task(example, "without")]
    return found + [
        Task(Example(name, "test", f"Filler {name}?", "4", (), 1), "without") for name in FILLERS
    ]


def make_record(task, response, correct, reasoning="I think so.", **more):
    example = task.example
    return Record(
        key=task.key, problem=example.id, condition=task.condition, source="test", difficulty=example.difficulty,
        num_constraints=len(example.constraints), kinds=[c.name for c in task.constraints],
        met=check_all(task.constraints, response), correct=correct, extracted="4", method="number", outcome="closed",
        truncated=False, reasoning_tokens=12, response_tokens=3, gold="4", completion=completion(reasoning, response),
    )  # fmt: skip


def make_records(answers, share=0.5):
    """The answers to the prompts with constraints; `share` of the others right. In no particular order, as batches come."""
    found = []
    for number, task in enumerate(make_tasks()):
        plain = "\\boxed{4}", number % 10 < 10 * share
        found.append(
            make_record(task, *(answers[task.example.id] if task.condition == "with" else plain))
        )
    return found[::-1]


@pytest.fixture(scope="module")
def points():
    return [
        Point("base", "base", 0, "tiny", make_records(GOOD, 0.8)),
        Point("SFT", "s0", 1, "tiny", make_records(GOOD, 0.6)),
        Point("SFT", "s0", 2, "tiny", make_records(MIXED, 0.3)),
        Point("GRPO", "g0", 1, "tiny", make_records(MIXED, 0.5)),
        Point("GRPO", "g1", 1, "tiny", make_records(GOOD, 0.9)),
    ]


TOKENS = ["<|im_start|>", "Say", " <b>", "\n", "No", " comma", "."]
CONSTRAINT = [0, 0, 0, 0, 1, 1, 1]


def make_attended():
    """Of the base and an SFT checkpoint: two layers were measured, one was not. 7 + 1 + 2/2 tokens are seen: 9."""
    found = []
    for label, run, step, direct in (("base", "base", 0, 2.0), ("SFT", "s0", 2, 4.0)):
        records = []
        for name, ratio in (("direct", direct), ("cot", 1.0)):
            inside = [ratio if own else 0.5 for own in CONSTRAINT]
            layers = [[one / 9 for one in inside], [3 * one / 9 for one in inside], [None] * 7]
            shown = {
                "alpha_bar": [],
                "tokens": TOKENS,
                "constraint": CONSTRAINT,
                "attention": layers,
            }
            records.append(
                AttentionRecord(
                    "p1/with", "p1", 1, 1, [NO_COMMA.name], name, None, num_prompt_tokens=7, num_reasoning_tokens=1,
                    num_answer_tokens=2, shown=shown,
                )
            )  # fmt: skip
        found.append(Attended(label, run, step, records))
    return found


@pytest.fixture(scope="module")
def report(points, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    tasks = {"tiny": make_tasks()}
    write_report(points, tasks, path, "A <sweep> & more", attended=make_attended())
    return path


def test_equal_data_give_equal_files_without_a_model_s_text_as_markup(report, points, tmp_path):
    tasks, path = {"tiny": make_tasks()}, tmp_path / "again.html"
    write_report(points, tasks, path, "A <sweep> & more", attended=make_attended())
    text = report.read_text(encoding="utf-8")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == text
    assert "<b>bold" not in text and "<title>A &lt;sweep&gt; &amp; more</title>" in text
    addresses = set(re.findall(r"https?://[^\s\"'`]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_the_package_ships_the_page():
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = facts["tool"]["setuptools"]["package-data"]["eval.report"]
    shipped = {path.name for pattern in patterns for path in FOLDER.glob(pattern)}
    assert shipped >= {"page.html", "page.css", *SCRIPTS}
    assert {path.name for path in FOLDER.glob("*.js")} == set(SCRIPTS), "each script is in the page"


def test_a_record_of_no_task_is_named(points, tmp_path):
    with pytest.raises(AssertionError, match="base/0: no task 'p1/"):
        write_report(points, {"tiny": make_tasks()[2:]}, tmp_path / "x.html", "x")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_report(browser, report):
    """Opens it in a window of some size; fails the test if the page complained or asked the network for anything."""
    pages, said, asked, opened = [], [], [], set()

    def open_(width=1280, height=900, path=report, **options):
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        opened.add(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert said == [] and set(asked) == opened


def marks(page):
    return page.locator("#curve-chart .mark")


def mark(page, label):
    return page.locator(f'#curve-chart .mark[aria-label^="{label}"]')


def choose(page, select, label):
    page.select_option(f"#{select}", label=label)


def as_shown(found, metric, name="all"):
    score = next(s for s in found if (s.metric, s.slice) == (metric, name))
    return f"{score.value:.1f} [{score.low:.1f}, {score.high:.1f}]"


@needs_chromium
def test_it_opens_and_draws_every_checkpoint(open_report):
    page = open_report()
    assert page.locator("h1").inner_text() == "A <sweep> & more"
    assert (
        page.locator("#summary").inner_text()
        == "2 regimes · 5 checkpoints · 1 benchmark (tiny) · 190 samples"
    )
    assert marks(page).count() == 4  # two seeds of GRPO are pooled
    choose(page, "seeds", "each by itself")
    assert marks(page).count() == 5
    styles = page.evaluate("DATA.labels.map((_, label) => colorClass(label) + shapeOf(label))")
    assert len(set(styles)) == 3, "each regime has its own colour and shape"


@needs_chromium
def test_pointing_at_a_checkpoint_shows_its_scores_and_intervals(open_report, points):
    page = open_report()
    found = scores(list(points[2].records))
    for reach in ("hover", "focus"):
        getattr(mark(page, "SFT, step 2"), reach)()
        tip = page.locator("#tip").inner_text()
        assert "SFT, step 2" in tip
        for metric in ("accuracy_without", "hacc", "sacc", "reasoning_tokens"):
            assert as_shown(found, metric) in tip, metric
        page.keyboard.press("Escape")
        assert page.locator("#tip").is_hidden()
        page.mouse.move(0, 0)
    pooled = scores([*points[3].records, *points[4].records])
    assert f"all constraints met, HAcc (%) {as_shown(pooled, 'hacc')}" in mark(
        page, "GRPO"
    ).get_attribute("aria-label")


@needs_chromium
def test_filters_change_the_curve(open_report, points):
    page = open_report()
    found = scores(list(points[2].records))
    before = mark(page, "SFT, step 2").get_attribute("transform")
    page.locator("#regimes").get_by_label("GRPO").uncheck()
    assert marks(page).count() == 3
    choose(page, "which", "last of each regime")
    assert marks(page).count() == 2
    choose(page, "which", "all")
    choose(page, "difficulty", "1")
    own = mark(page, "SFT, step 2")
    assert f"HAcc (%) {as_shown(found, 'hacc', 'difficulty=1')}" in own.get_attribute("aria-label")
    assert (
        own.get_attribute("transform") != before
        and "intervals" not in page.locator("#note").inner_text()
    )
    choose(page, "kind", "no comma")
    assert "no comma met (%) 0.0;" in own.get_attribute("aria-label")  # p1 and p2
    assert "plain rates, without intervals" in page.locator("#note").inner_text()
    choose(page, "difficulty", "all")
    assert (
        f"no comma met (%) {as_shown(found, 'met', 'kind=punctuation:no_comma')}"
        in own.get_attribute("aria-label")
    )
    page.click("#reset")
    assert marks(page).count() == 4 and page.locator("#kind").input_value() == ""


@needs_chromium
def test_plain_rates_are_the_means_that_the_scores_have(open_report, points):
    """What the page computes for combinations of filters, compared where Python has the figure too."""
    page = open_report()
    compared = set()
    for number, slice_ in ((None, "all"), (1, "difficulty=1"), (2, "difficulty=2")):
        for score in scores(list(points[2].records)):
            if score.slice != slice_:
                continue
            own = page.evaluate(
                """([metric, difficulty]) => mean(CHECKPOINTS.find((c) => c.run === 1 && c.step === 2), 0, metric, null,
                   {kind: null, count: null, difficulty})""",
                [score.metric, number],
            )
            if own is None:  # not in the page's data
                # not by combinations of filters, or of mitigations
                known = "official", "loose", "met", "num_calls", "generated_tokens", "unparsed_rate"
                assert any(word in score.metric for word in known), score
                continue
            assert own["value"] == pytest.approx(score.value) and own["n"] == score.n, score
            compared.add(score.metric)
    assert len(compared) >= 20


@needs_chromium
def test_drill_down_by_keyboard_to_a_sample_with_its_thoughts_folded(open_report):
    page = open_report()
    page.locator("#curve-chart .mark[tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "SFT, step 2" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    page.locator("#s-count", has_text="2 samples of 38").wait_for()  # with a broken constraint
    assert page.locator("#sample h3").inner_text() == "p1 · SFT, step 2"
    assert page.locator("#s-step").input_value() == "2"
    thought = page.locator("#sample .cot")
    assert (
        thought.locator(".text").is_hidden()
        and "12 tokens" in thought.locator("summary").inner_text()
    )
    thought.locator("summary").focus()
    page.keyboard.press("Enter")
    assert thought.locator(".text").inner_text() == "I think so."
    page.locator("#list button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#sample h3", has_text="p2").wait_for()


@needs_chromium
def test_broken_constraints_are_marked_where_they_are_broken(open_report):
    page = open_report()
    mark(page, "SFT, step 2").click()
    page.locator("#sample h3", has_text="p1 · SFT, step 2").wait_for()

    def marked():
        return page.eval_on_selector_all(
            "#sample mark", "(all) => all.map((m) => [m.firstChild.data, m.title])"
        )

    # Two commas on both sides of a character that is two to JavaScript.
    assert marked() == [[",", "breaks constraint 1"]] * 2
    assert page.locator("#sample .response").inner_text().startswith("a,")
    assert "😀" in page.locator("#sample .response").inner_text()
    verdicts = page.locator("#sample .verdicts li")
    assert verdicts.all_inner_texts() == [
        f"✗ broken {NO_COMMA.describe()} · no comma · marked below, 2 places"
    ]
    page.get_by_label("Next sample").click()
    page.locator("#sample h3", has_text="p2").wait_for()
    assert marked() == [["sum", "breaks constraint 2"], [",", "breaks constraint 1"]]
    assert "</script><b>bold</b>" in page.locator("#sample .response").inner_text()
    assert page.locator("#sample .response b").count() == 0
    assert "wrong" in page.locator("#sample .verdict").inner_text()
    choose(page, "s-show", "grading undecided")
    page.locator("#sample h3", has_text="p4").wait_for()
    assert "✓ met" in page.locator("#sample .verdicts").inner_text()


@needs_chromium
def test_constraints_on_the_chain_of_thought_are_marked_in_it(open_report, tmp_path):
    """ReasonIF's: the response may break them, and the thoughts are unfolded where they do."""
    example = Example("r1", "test", "Question r1?", "4", (NO_COMMA,), 1)
    task = Task(example, "with", Rules(reasoning=True))
    record = replace(make_record(task, "a, b", True, reasoning="one, two"), met=[False])
    path = tmp_path / "report.html"
    write_report([Point("base", "base", 0, "tiny", [record])], {"tiny": [task]}, path, "t")
    page = open_report(path=path)
    mark(page, "base").click()
    page.locator("#sample h3", has_text="r1").wait_for()
    assert page.locator("#sample mark").count() == page.locator("#sample .cot mark").count() == 1
    assert page.locator("#sample .cot").get_attribute("open") is not None
    assert page.locator("#sample .cot .text").inner_text().startswith("one,")


@needs_chromium
def test_samples_are_paged_and_searched(open_report):
    page = open_report()
    choose(page, "s-show", "without constraints")
    page.locator("#s-count", has_text="34 samples of 38").wait_for()
    assert page.locator("#list button").count() == 20
    page.get_by_label("Next page").click()
    page.locator("#pages", has_text="page 2 of 2").wait_for()
    assert page.locator("#list button").count() == 14
    page.fill("#s-search", "filler Q07")
    page.locator("#s-count", has_text="1 sample of 38").wait_for()
    page.locator("#sample h3", has_text="q07").wait_for()
    assert "null" not in page.locator("#sample").inner_text()


@needs_chromium
def test_a_prompt_is_followed_over_training_whatever_the_filters_show(open_report):
    page = open_report()
    mark(page, "SFT, step 2").click()
    page.locator("#sample h3", has_text="p1 · SFT, step 2").wait_for()
    steps = page.locator(".elsewhere button")
    assert steps.locator(".name").all_inner_texts() == ["base", "step 1", "step 2"]
    assert steps.locator(".sign").evaluate_all("(all) => all.map((s) => s.firstChild.data)") == [
        "✓",
        "✓",
        "✗",
    ]
    steps.first.press("Enter")  # among the broken ones, which are shown, it is not
    page.locator("#sample h3", has_text="p1 · base model").wait_for()
    assert page.evaluate("document.activeElement.innerText").startswith("base")
    page.locator(".elsewhere button", has_text="step 2").click()
    page.locator("#sample h3", has_text="p1 · SFT, step 2").wait_for()


@needs_chromium
def test_kinds_over_training_lead_to_what_breaks_them(open_report, points):
    page = open_report()
    choose(page, "heat-columns", "training of SFT")
    assert page.locator(".heat thead th").all_inner_texts() == ["kind", "base", "1", "2"]
    cell = page.get_by_label("no comma, SFT, step 2")
    assert cell.inner_text() == "33"  # p3 of p1, p2 and p3
    cell.focus()
    found = scores(list(points[2].records))
    assert as_shown(found, "met", "kind=punctuation:no_comma") in page.locator("#tip").inner_text()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.innerText") == "100"
    cell.click()
    page.locator("#s-count", has_text="2 samples of 38").wait_for()
    assert page.locator("#list .name").all_inner_texts() == ["p1", "p2"]


@needs_chromium
def test_the_table_has_the_same_numbers_and_sorts(open_report, points):
    page = open_report()
    page.locator("#numbers summary").click()
    row = page.locator("#numbers tbody tr", has_text="SFT, step 2")
    found = scores(list(points[2].records))
    assert (
        as_shown(found, "accuracy_without") in row.inner_text()
        and as_shown(found, "hacc") in row.inner_text()
    )
    page.locator("#numbers").get_by_role("button", name="accuracy without constraints").click()
    names = page.locator("#numbers tbody th").all_inner_texts()
    # 34 samples without constraints: 80 %, two seeds of 50 and 90, 60 and 30.
    assert names == ["base model", "GRPO, step 1", "SFT, step 1", "SFT, step 2"]


def tokens(page):
    return page.locator("#tokens .token")


@needs_chromium
def test_attention_is_shown_token_by_token(open_report):
    """Mean over the two layers that were measured: twice the first one's."""
    page = open_report()
    assert page.locator("#a-point option").all_inner_texts() == ["base model", "SFT, step 2"]
    assert page.locator("#a-layer option").all_inner_texts() == ["mean over layers", "0", "1"]
    assert tokens(page).count() == 7 and tokens(page).nth(2).text_content() == " <b>"
    assert page.locator("#tokens .constraint").all_text_contents() == ["No", " comma", "."]
    assert page.locator("#tokens sup").all_text_contents() == ["1"]
    labels = tokens(page).evaluate_all("(all) => all.map((t) => t.getAttribute('aria-label'))")
    assert labels[4] == "“No”, token 5, constraint 1: 2.00" and labels[1] == "“Say”, token 2: 1.00"
    said = page.locator("#a-said")
    assert "direct ×8.00 (other tokens ×1.00), after reasoning ×2.00 (other tokens ×1.00)" in said.inner_text()  # fmt: skip
    choose(page, "a-layer", "0")
    choose(page, "a-run", "direct")
    assert tokens(page).nth(4).get_attribute("aria-label").endswith(": 4.00")
    choose(page, "a-point", "base model")
    choose(page, "a-run", "after reasoning, as a share of direct")
    assert tokens(page).nth(4).get_attribute("aria-label").endswith(": 0.50")
    assert page.locator("#a-layer").input_value() == "0", "a choice stays"


@needs_chromium
def test_tokens_are_reached_by_keyboard(open_report):
    page = open_report()
    page.locator("#tokens .token[tabindex='0']").focus()
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "No"
    tip = page.locator("#tip").inner_text()
    assert "token 5, constraint 1" in tip and "×8.00" in tip and "×2.00" in tip
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "."


@needs_chromium
def test_without_attention_there_is_no_such_section(browser, points, tmp_path):
    write_report(points, {"tiny": make_tasks()}, tmp_path / "x.html", "x")
    page = browser.new_page()
    page.goto((tmp_path / "x.html").as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#attention").is_hidden()
    page.close()


@needs_chromium
def test_it_prints_with_everything_unfolded(open_report):
    page = open_report()
    assert page.locator("details:not([open])").count() == 2  # the table, the chain of thought
    opened = "[...document.querySelectorAll('details')].every((d) => d.open)"
    page.evaluate(
        f"window.addEventListener('beforeprint', () => {{ window.unfolded = {opened}; }})"
    )
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 20_000
    assert page.evaluate("window.unfolded") is True
    assert page.locator("details:not([open])").count() == 2


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(open_report, scheme):
    page = open_report(390, 844, color_scheme=scheme)
    mark(page, "SFT, step 2").click()
    page.get_by_label("Next sample").click()
    page.locator("#sample h3", has_text="p2").wait_for()  # it has a word of 300 letters
    page.locator("#numbers summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = page.evaluate(
        """[...document.querySelectorAll("body *")].filter((node) => !node.closest(".scroll, .hear, .skip")
           && node.getBoundingClientRect().right > 391).map((node) => node.tagName + "." + node.className)"""
    )
    assert wide == []


LOW_CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (color) => [0.2126, 0.7152, 0.0722].reduce((sum, part, k) => sum + part * linear(color[k] / 255), 0);
  const behind = (node) => {
    for (let own = node; own; own = own.parentElement) {
      const color = rgb(getComputedStyle(own).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
  };
  const contrast = (node) => {
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const says = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((node) => says(node) && node.checkVisibility() && !node.disabled && !node.closest("svg, .hear, script, option"))
    .map((node) => [node.tagName, node.className, node.textContent.slice(0, 30), contrast(node)])
    .filter((found) => found[3] < 4.5);
}"""


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(open_report, scheme):
    """WCAG 2.2, 1.4.3: 4.5 to 1, of the colours as they are computed."""
    page = open_report(color_scheme=scheme)
    mark(page, "SFT, step 2").click()
    page.locator("#sample mark").first.wait_for()
    assert page.evaluate(LOW_CONTRAST) == []
