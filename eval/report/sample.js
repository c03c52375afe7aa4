/* One sample: prompt, verdicts, the chain of thought folded, the response with what breaks a constraint marked. */

async function openSample(i, focus) {
  const { point, turn } = browsing,
    tasks = DATA.benchmarks[point.benchmark],
    task = point.task[i];
  browsing.chosen = i;
  const [{ prompt, gold, says, checked }, texts] = [await promptsOf(point), await textsOf(point, i)];
  if (turn !== browsing.turn || browsing.chosen !== i) return;
  document.querySelectorAll("#list button").forEach((node) => {
    if (+node.dataset.sample === i) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
  });
  const checkpoint = CHECKPOINTS.find(
    (own) => own.run === point.run && own.label === point.label && own.step === point.step,
  );
  const parts = [
    el(
      "header",
      {},
      el("h3", {}, tasks.problem[task], el("span", { class: "of" }, ` · ${nameOf(checkpoint)}`)),
      steps(i),
    ),
    el(
      "p",
      { class: "facts" },
      `${tasks.condition[task]} constraints · difficulty ${tasks.difficulty[task]}` +
        ` · CoT ${plural(point.reasoning[i], "token")}` +
        ` · response ${plural(point.response[i], "token")}${point.truncated[i] === "1" ? " · truncated" : ""}`,
    ),
    fold("prompt", "Prompt", prompt[task], true),
    el("h4", {}, "Answer"),
    answerOf(point, i, gold[task], texts),
    says[task].length ? el("h4", {}, "Constraints") : null,
    says[task].length
      ? el("ol", { class: "verdicts" }, ...says[task].map((text, k) => verdictOf(point, i, k, text, texts.spans)))
      : null,
    thought(point, i, texts, checked[task] === "reasoning" ? texts.spans : []),
    el("h4", {}, "Response"),
    texts.response
      ? el("div", { class: "text response" }, ...marked(texts.response, checked[task] === "response" ? texts.spans : []))
      : el("p", { class: "empty" }, point.outcome[i] === "u" ? "None: the thinking was never closed." : "Empty."),
    elsewhere(checkpoint, point, i),
  ];
  $("sample").replaceChildren(...parts.filter(Boolean));
  if (!focus) return;
  $("sample").focus({ preventScroll: true });
  $("sample").scrollIntoView({ block: "nearest", behavior: "instant" });
}

/* Buttons to the neighbours in the list. */
function steps(i) {
  const at = browsing.found.indexOf(i);
  const go = (to, text, name) =>
    el(
      "button",
      {
        type: "button",
        "aria-label": name,
        disabled: browsing.found[to] === undefined,
        onclick: async () => {
          const page = Math.floor(to / PAGE);
          if (page !== browsing.page) {
            browsing.page = page;
            await drawList();
          }
          await openSample(browsing.found[to], false);
          document.querySelector(`#sample [aria-label="${name}"]`).focus();
        },
      },
      text,
    );
  return el(
    "span",
    { class: "steps" },
    go(at - 1, "‹ previous", "Previous sample"),
    go(at + 1, "next ›", "Next sample"),
  );
}

function fold(name, title, text, open) {
  return el("details", { class: name, open }, el("summary", {}, title), el("div", { class: "text" }, ...[text].flat()));
}

/* Folded, unless what breaks a constraint is in it. */
function thought(point, i, texts, spans) {
  if (!texts.reasoning) return el("p", { class: "facts" }, "No chain of thought.");
  const open = point.outcome[i] === "u" ? ", never closed" : "";
  return fold("cot", `Chain of thought (${plural(point.reasoning[i], "token")}${open})`, marked(texts.reasoning, spans), spans.length > 0);
}

function answerOf(point, i, gold, texts) {
  const words = ["wrong", "correct"][correct(point, i)] || "undecided";
  const found = texts.extracted === null ? "nothing found" : texts.extracted;
  return el(
    "p",
    { class: `verdict ${words}` },
    answerSign(point, i),
    el("b", {}, ` ${words}: `),
    el("code", {}, found),
    gold === null || gold === undefined ? null : el("span", {}, " · gold ", el("code", {}, gold)),
    el("span", { class: "of" }, ` · settled by ${texts.method.replaceAll("_", " ")}`),
  );
}

function verdictOf(point, i, k, text, spans) {
  const met = (point.met[i] >> k) & 1,
    official = (point.official[i] >> k) & 1;
  const kind = DATA.kinds[DATA.benchmarks[point.benchmark].kinds[point.task[i]][k]];
  const places = spans.filter((value, j) => j % 3 === 0 && value === k).length;
  const where = met ? "" : places ? ` · marked below, ${plural(places, "place")}` : " · no single place breaks it";
  return el(
    "li",
    { class: met ? "met" : "broken" },
    el("span", { class: met ? "sign met" : "sign broken", "aria-hidden": "true" }, met ? "✓" : "✗"),
    el("b", {}, met ? " met " : " broken "),
    el("span", { class: "says" }, text),
    el(
      "span",
      { class: "of" },
      ` · ${short(kind)}${where}${official === met ? "" : ` · ${official ? "met" : "broken"} to the official scorer`}`,
    ),
  );
}

/* The response in pieces; where spans overlap, a piece has the numbers of all constraints that it breaks. */
function marked(text, spans) {
  const edges = new Set([0, text.length]);
  const places = [];
  for (let j = 0; j < spans.length; j += 3) {
    places.push({ k: spans[j], start: spans[j + 1], end: spans[j + 2] });
    edges.add(spans[j + 1]).add(spans[j + 2]);
  }
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, j) => {
    const end = sorted[j + 1],
      broken = places.filter((p) => p.start <= start && end <= p.end).map((p) => p.k + 1);
    if (!broken.length) return text.slice(start, end);
    const numbers = [...new Set(broken)].join(", ");
    return el(
      "mark",
      { title: `breaks constraint ${numbers}` },
      text.slice(start, end),
      el("sup", {}, el("span", { class: "hear" }, " breaks constraint "), numbers),
    );
  });
}

/* The same prompt at the other checkpoints of this run, to see when it changed; at the base model, of the run that was
   looked at last. */
function elsewhere(checkpoint, point, i) {
  if (!isBase(checkpoint)) browsing.along = point;
  const { label, run } = browsing.along || point;
  const others = CHECKPOINTS.filter(
    (own) => (isBase(own) || (own.label === label && own.run === run)) && own.points[point.benchmark],
  );
  const buttons = others
    .map((own) => {
      const other = own.points[point.benchmark][0];
      const same = other.task.findIndex((task, j) => task === point.task[i] && other.sample[j] === point.sample[i]);
      if (same < 0) return null;
      const kinds = DATA.benchmarks[point.benchmark].kinds[point.task[i]];
      return el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            "aria-current": own === checkpoint ? "true" : null,
            onclick: () => goElsewhere(own, point.task[i]),
          },
          el("span", { class: "name" }, isBase(own) ? "base" : `step ${own.step}`),
          el(
            "span",
            { class: "signs" },
            answerSign(other, same),
            ...kinds.map((kind, k) => sign((other.met[same] >> k) & 1, short(DATA.kinds[kind]))),
          ),
        ),
      );
    })
    .filter(Boolean);
  return buttons.length > 1
    ? el("section", {}, el("h4", {}, "This prompt over training"), el("ul", { class: "elsewhere" }, ...buttons))
    : null;
}

async function goElsewhere(checkpoint, task) {
  await chooseSamples(checkpoint, { task });
  document.querySelector(".elsewhere [aria-current]")?.focus();
}
