/* The samples of one checkpoint on one benchmark: chosen, filtered, searched, a page at a time. */

const PAGE = 20;
const SHOWS = {
  all: ["all", () => true],
  with: ["with constraints", (p, i, t) => asked(p, i, t) > 0],
  without: ["without constraints", (p, i, t) => asked(p, i, t) === 0],
  met: ["all constraints met", (p, i, t) => asked(p, i, t) > 0 && allMet(p, i, t)],
  broken: ["some constraint broken", (p, i, t) => asked(p, i, t) > 0 && !allMet(p, i, t)],
  correct_broken: [
    "correct, but some constraint broken",
    (p, i, t) => correct(p, i) === 1 && asked(p, i, t) > 0 && !allMet(p, i, t),
  ],
  correct: ["answer correct", (p, i) => correct(p, i) === 1],
  wrong: ["answer wrong", (p, i) => correct(p, i) === 0],
  undecided: ["grading undecided", (p, i) => correct(p, i) === null],
  truncated: ["truncated", (p, i) => p.truncated[i] === "1"],
};
const browsing = {
  point: null,
  show: "all",
  kind: null,
  difficulty: null,
  search: "",
  found: [],
  page: 0,
  chosen: null,
  along: null,
  turn: 0,
};

/* Whether a sample is shown; with a kind chosen, "met" and "broken" are about that kind. */
function isShown(p, i, t) {
  const { kind, difficulty, show } = browsing;
  if (difficulty !== null && t.difficulty[p.task[i]] !== difficulty) return false;
  if (kind === null) return SHOWS[show][1](p, i, t);
  const share = kindMet(p, i, t, kind);
  if (share === null) return false;
  if (show === "met") return share === 1;
  if (show === "broken") return share < 1;
  if (show === "correct_broken") return share < 1 && correct(p, i) === 1;
  return SHOWS[show][1](p, i, t);
}

/* Find the samples to show, then draw the page that has `task` on it, or the first. */
async function browse(task = null) {
  const turn = ++browsing.turn,
    { point } = browsing,
    tasks = DATA.benchmarks[point.benchmark];
  let found = point.task.map((_, i) => i).filter((i) => isShown(point, i, tasks));
  const wanted = browsing.search.trim().toLowerCase();
  if (wanted) {
    $("s-count").textContent = "Searching …";
    const { prompt } = await promptsOf(point),
      hits = new Set();
    await eachText(point, (i, texts) => {
      const text = `${prompt[point.task[i]]}\n${texts.reasoning}\n${texts.response}`.toLowerCase();
      if (text.includes(wanted)) hits.add(i);
      return turn === browsing.turn;
    });
    found = found.filter((i) => hits.has(i));
  }
  if (turn !== browsing.turn) return; // another choice was made meanwhile
  if (task !== null && !found.some((i) => point.task[i] === task)) {
    // asked for by name, so the filters give way
    Object.assign(browsing, { show: "all", kind: null, difficulty: null, search: "" });
    $("s-search").value = "";
    drawSampleChoices();
    return browse(task);
  }
  browsing.found = found;
  const at = Math.max(
    0,
    found.findIndex((i) => point.task[i] === task),
  );
  browsing.page = Math.floor(at / PAGE);
  await drawList();
  if (turn !== browsing.turn) return;
  if (found.length) await openSample(found[at], false);
  else $("sample").replaceChildren();
  return undefined;
}

async function drawList() {
  const { point, found, page, turn } = browsing;
  $("s-count").textContent = `${plural(found.length, "sample")} of ${thousands(point.task.length)}`;
  const { prompt } = await promptsOf(point);
  if (turn !== browsing.turn) return;
  const shown = found.slice(page * PAGE, (page + 1) * PAGE);
  $("list").setAttribute("start", page * PAGE + 1);
  $("list").replaceChildren(...shown.map((i) => el("li", {}, rowOf(point, i, prompt[point.task[i]]))));
  const buttons = [...$("list").querySelectorAll("button")];
  rove(
    buttons,
    (node, pressed) =>
      ({
        ArrowDown: buttons[buttons.indexOf(node) + 1],
        ArrowUp: buttons[buttons.indexOf(node) - 1],
        Home: buttons[0],
        End: buttons[buttons.length - 1],
      })[pressed],
  );
  buttons.forEach((node, k) => node.setAttribute("tabindex", k ? -1 : 0));
  drawPages(Math.ceil(found.length / PAGE));
}

function rowOf(point, i, prompt) {
  const tasks = DATA.benchmarks[point.benchmark],
    task = point.task[i];
  const verdicts = tasks.kinds[task].map((kind, k) => sign((point.met[i] >> k) & 1, short(DATA.kinds[kind])));
  return el(
    "button",
    { type: "button", "data-sample": i, onclick: () => openSample(i, true) },
    el("span", { class: "name" }, tasks.problem[task] + (point.sample[i] ? ` #${point.sample[i] + 1}` : "")),
    el("span", { class: "signs" }, answerSign(point, i), ...verdicts),
    el("span", { class: "snippet" }, prompt.slice(0, 110)),
  );
}

/* A mark that differs in shape and colour, with its meaning in words for those who hear the page. */
function sign(met, what) {
  return el(
    "span",
    { class: met ? "sign met" : "sign broken", title: `${what}: ${met ? "met" : "broken"}` },
    met ? "✓" : "✗",
    el("span", { class: "hear" }, ` ${what} ${met ? "met" : "broken"}`),
  );
}

function answerSign(point, i) {
  const verdict = correct(point, i),
    words = ["wrong", "correct"][verdict] || "undecided";
  return el(
    "span",
    { class: `answer ${words}`, title: `answer ${words}` },
    { wrong: "= ✗", correct: "= ✓", undecided: "= ?" }[words],
    el("span", { class: "hear" }, ` answer ${words}`),
  );
}

function drawPages(count) {
  const go = (page, text, name) =>
    el(
      "button",
      {
        type: "button",
        "aria-label": name,
        disabled: page < 0 || page >= count,
        onclick: async () => {
          browsing.page = page;
          await drawList();
        },
      },
      text,
    );
  const { page } = browsing;
  $("pages").replaceChildren(
    ...(count < 2
      ? []
      : [
          go(page > 0 ? 0 : -1, "«", "First page"),
          go(page - 1, "‹", "Previous page"),
          el("span", {}, `page ${page + 1} of ${count}`),
          go(page + 1, "›", "Next page"),
          go(page < count - 1 ? count - 1 : count, "»", "Last page"),
        ]),
  );
}
