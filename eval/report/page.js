/* The page: reads the index, draws everything, and draws again what a choice changes. */

let CHECKPOINTS = [];
const state = { hidden: new Set(), kind: null, difficulty: null, count: null, last: false, seeds: false, x: null, y: null, length: null, heat: "last" };
const filter = () => ({ kind: state.kind, difficulty: state.difficulty, count: state.count });
const toNumber = (text) => text === "" ? null : Number(text);

/* The line that a checkpoint is on: its regime's, or its seed's. */
const seriesOf = (own) => state.seeds ? `${own.label}/${own.run}` : String(own.label);

/* Checkpoints that the choice of regimes, seeds and steps shows, line by line in step order; `last` marks the end of each. */
function shown() {
  const own = CHECKPOINTS.filter((c) => !state.hidden.has(c.label) && (isBase(c) || (state.seeds ? c.run >= 0 : c.pooled)));
  own.sort((a, b) => isBase(b) - isBase(a) || a.label - b.label || (state.seeds ? a.run - b.run : 0) || a.step - b.step);
  own.forEach((c, i) => { c.last = i + 1 === own.length || seriesOf(own[i + 1]) !== seriesOf(c); });
  return own.filter((c) => c.last || !state.last);
}

const axis = (value) => { const [benchmark, metric] = value.split("/"); return { benchmark: +benchmark, metric }; };

function axisTitle({ benchmark, metric }) {
  const name = COMPLIANCE.includes(metric) && state.kind !== null ? `${short(DATA.kinds[state.kind])} met` : metricName(metric);
  return `${name}${DATA.benchmarks.length > 1 ? `, ${DATA.benchmarks[benchmark].label}` : ""}${unitOf(metric)}`;
}

function rowsFor(x, y) {
  return shown().map((checkpoint) => ({
    checkpoint, x: score(checkpoint, x.benchmark, x.metric, filter()), y: score(checkpoint, y.benchmark, y.metric, filter()),
  })).filter((row) => row.x && row.y);
}

function tipOf(x, y) {
  const more = [["accuracy_without", "accuracy_with"], COMPLIANCE.slice(0, 2), ["reasoning_tokens", "truncation_rate"]].flat();
  return ({ checkpoint, x: across, y: up }) => {
    const rows = [[axisTitle(x), scored(across)], [axisTitle(y), scored(up)]];
    for (const metric of more) {
      if (metric === x.metric || metric === y.metric || COMPLIANCE.includes(metric) && state.kind !== null) continue;
      const found = score(checkpoint, y.benchmark, metric, filter());
      if (found) rows.push([metricName(metric) + unitOf(metric), scored(found)]);
    }
    rows.push(["problems", thousands(up.n)]);
    return [nameOf(checkpoint), rows];
  };
}

const percent = (metric) => METRICS[metric] ? !METRICS[metric].tokens : false;

function drawChart(holder, x, y) {
  const rows = rowsFor(x, y);
  scatter(holder, rows, { x: { title: axisTitle(x), percent: percent(x.metric) }, y: { title: axisTitle(y), percent: percent(y.metric) } },
    tipOf(x, y), (checkpoint) => chooseSamples(checkpoint, {}, true));
  return rows;
}

/* The curve at once, the rest a task each, so that no choice waits for all of it. */
let drawing = 0;
async function draw() {
  hideTip();
  const turn = ++drawing, x = axis(state.x), y = axis(state.y);
  drawNote(drawChart($("curve-chart"), x, y));
  const rest = [drawHeat, () => drawChart($("length-chart"), axis(state.length), y), () => { if ($("numbers").open) drawNumbers(); }];
  for (const part of rest) {
    await pause();
    if (turn !== drawing) return; // drawn again meanwhile
    part();
  }
}

function drawNote(rows) {
  const parts = [`${plural(rows.length, "checkpoint")} shown`];
  const missing = shown().length - rows.length;
  if (missing) parts.push(`${missing} without these scores`);
  if (state.kind !== null) parts.push(`compliance is the share of responses that meet “${short(DATA.kinds[state.kind])}”`);
  if (rows.some((row) => row.x.low === null || row.y.low === null)) {
    parts.push("this combination of filters has plain rates, without intervals; one filter at a time has intervals");
  }
  $("note").textContent = `${parts.join("; ")}.`;
}

function drawNumbers() {
  const x = axis(state.x), y = axis(state.y);
  const metrics = [x, y, ...[...Object.keys(METRICS)].map((metric) => ({ benchmark: y.benchmark, metric }))]
    .filter((one, i, all) => all.findIndex((other) => axisTitle(other) === axisTitle(one)) === i)
    .filter(({ benchmark, metric }) => shown().some((own) => score(own, benchmark, metric, filter())));
  const columns = [
    { name: "checkpoint", of: (own) => nameOf(own), by: (own) => own.label },
    { name: "step", of: (own) => String(own.step), by: (own) => own.step },
    ...metrics.map((one) => {
      const of = (own) => score(own, one.benchmark, one.metric, filter());
      return { name: axisTitle(one), of: (own) => scored(of(own)), by: (own) => of(own)?.value ?? -1 };
    }),
    { name: "problems", of: (own) => thousands(score(own, y.benchmark, y.metric, filter())?.n ?? 0), by: (own) => score(own, y.benchmark, y.metric, filter())?.n ?? 0 },
  ];
  scoreTable($("numbers-table"), "Scores of the checkpoints shown, with 95 % intervals", columns, shown(), { column: null, down: false });
}

function drawHeat() {
  const last = state.heat === "last", own = shown();
  const columns = last ? own.filter((c) => c.last) : own.filter((c) => isBase(c) || c.label === +state.heat);
  const text = (c) => isBase(c) ? "base" : last ? nameOf(c).replace(/, step \d+$/, "") : `${state.seeds && !c.pooled ? `${DATA.runs[c.run]} ` : ""}${c.step}`;
  const kinds = state.kind === null ? DATA.kinds.map((_, k) => k) : [state.kind];
  heatmap($("heat"), columns.map((checkpoint) => ({ checkpoint, text: text(checkpoint) })), axis(state.y).benchmark, kinds, filter(),
    (checkpoint, kind) => chooseSamples(checkpoint, { kind, show: "broken" }, true));
  $("heat").classList.toggle("by-regime", last);
}

/* Open the samples of a checkpoint (the first seed's, where seeds are pooled); the page's own filters go with it. */
async function chooseSamples(checkpoint, { task = null, kind = state.kind, show = browsing.show, benchmark = null } = {}, go = false) {
  const wanted = benchmark ?? (task !== null ? browsing.point.benchmark : axis(state.y).benchmark);
  const point = (checkpoint.points[wanted] || Object.values(checkpoint.points)[0])[0];
  if (task === null) Object.assign(browsing, { kind, show, difficulty: state.difficulty });
  browsing.point = point;
  drawSampleChoices();
  if (go) $("samples").scrollIntoView({ block: "start", behavior: "instant" });
  if (go) $("samples").focus({ preventScroll: true });
  await browse(task);
}

function drawSampleChoices() {
  const { point } = browsing, points = DATA.points;
  const distinct = (rows, of) => [...new Set(rows.map(of))];
  const same = (...keys) => points.filter((p) => keys.every((k) => p[k] === point[k]));
  choices($("s-label"), distinct(points, (p) => p.label).map((i) => [i, DATA.labels[i] === "base" ? "base model" : DATA.labels[i]]), point.label);
  choices($("s-run"), distinct(same("label"), (p) => p.run).map((i) => [i, DATA.runs[i]]), point.run);
  choices($("s-step"), distinct(same("label", "run"), (p) => p.step).map((s) => [s, s]), point.step);
  choices($("s-benchmark"), distinct(same("label", "run", "step"), (p) => p.benchmark).map((i) => [i, DATA.benchmarks[i].label]), point.benchmark);
  const tasks = DATA.benchmarks[point.benchmark];
  choices($("s-show"), Object.entries(SHOWS).map(([value, [text]]) => [value, text]), browsing.show);
  choices($("s-kind"), [["", "all"], ...distinct(tasks.kinds.flat(), (k) => k).sort((a, b) => a - b).map((k) => [k, short(DATA.kinds[k])])], browsing.kind ?? "");
  choices($("s-difficulty"), [["", "all"], ...distinct(tasks.difficulty, (d) => d).sort((a, b) => a - b).map((d) => [d, d])], browsing.difficulty ?? "");
}

/* The point that the selects name: the rightmost that was not touched gives way. */
function pointChosen(changed) {
  const order = ["label", "run", "step", "benchmark"], values = order.map((name) => +$(`s-${name}`).value);
  for (let kept = order.length; kept > 0; kept--) {
    const found = DATA.points.filter((p) => order.slice(0, kept).every((name, k) => p[name] === values[k]));
    const own = found.find((p) => p.step === values[2] && p.benchmark === values[3]) || found[found.length - 1];
    if (found.length && kept > order.indexOf(changed)) return own;
  }
  return browsing.point;
}

function listenToSamples() {
  for (const name of ["label", "run", "step", "benchmark"]) {
    $(`s-${name}`).addEventListener("change", async () => { browsing.point = pointChosen(name); drawSampleChoices(); await browse(); });
  }
  $("s-show").addEventListener("change", (event) => { browsing.show = event.target.value; browse(); });
  $("s-kind").addEventListener("change", (event) => { browsing.kind = toNumber(event.target.value); browse(); });
  $("s-difficulty").addEventListener("change", (event) => { browsing.difficulty = toNumber(event.target.value); browse(); });
  let waiting = null;
  $("s-search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { browsing.search = event.target.value; browse(); }, 250);
  });
}

function drawRegimes() {
  const box = $("regimes");
  const set = (hidden) => { state.hidden = new Set(hidden); drawRegimes(); draw(); };
  const all = DATA.labels.map((_, label) => label);
  const chips = all.map((label) => {
    const input = el("input", { type: "checkbox", value: label, onchange: (event) => {
      if (event.target.checked) state.hidden.delete(label); else state.hidden.add(label);
      draw();
    } });
    input.checked = !state.hidden.has(label);
    const picture = svg("svg", { class: `swatch mark ${colorClass(label)}`, viewBox: "-9 -9 18 18", "aria-hidden": "true" }, svg("path", { d: shapeOf(label) }));
    return el("label", { class: "chip" }, input, picture, DATA.labels[label] === "base" ? "base model" : DATA.labels[label]);
  });
  box.replaceChildren(el("legend", {}, "Regimes"), ...chips,
    el("span", { class: "steps" }, el("button", { type: "button", onclick: () => set([]) }, "all"),
      el("button", { type: "button", onclick: () => set(all.filter((label) => DATA.labels[label] !== "base")) }, "none")));
}

function axisEntries(metrics) {
  const present = metrics || [...new Set(DATA.columns.map(([metric]) => metric))].filter((metric) => metric !== "met");
  const has = (benchmark, metric) => DATA.groups.some((g) => g.benchmark === benchmark && g.value[column(metric, "all")] != null);
  const options = (b) => present.filter((metric) => has(b, metric)).map((metric) => [`${b}/${metric}`, metricName(metric)]);
  if (DATA.benchmarks.length === 1) return options(0);
  return DATA.benchmarks.map(({ label }, b) => ({ group: label, options: options(b) })).filter(({ options: found }) => found.length);
}

/* The first axis with one of `metrics`, or the first of all. */
function firstAxis(entries, metrics) {
  const values = entries.flatMap((entry) => Array.isArray(entry) ? [entry[0]] : entry.options.map(([value]) => value));
  return metrics.map((metric) => values.find((value) => value.endsWith(`/${metric}`))).find(Boolean) || values[0];
}

function listenToFilters() {
  const redraw = (id, change) => $(id).addEventListener("change", (event) => { change(event.target.value); draw(); });
  redraw("kind", (value) => { state.kind = toNumber(value); });
  redraw("difficulty", (value) => { state.difficulty = toNumber(value); });
  redraw("count", (value) => { state.count = toNumber(value); });
  redraw("which", (value) => { state.last = value === "last"; });
  redraw("seeds", (value) => { state.seeds = value === "each"; });
  redraw("x-axis", (value) => { state.x = value; });
  redraw("y-axis", (value) => { state.y = value; });
  redraw("length-axis", (value) => { state.length = value; });
  redraw("heat-columns", (value) => { state.heat = value; });
  $("reset").addEventListener("click", () => {
    Object.assign(state, { hidden: new Set(), kind: null, difficulty: null, count: null, last: false, seeds: false });
    for (const id of ["kind", "difficulty", "count"]) $(id).value = "";
    $("which").value = "all";
    $("seeds").value = "pooled";
    drawRegimes();
    draw();
  });
  $("numbers").addEventListener("toggle", () => { if ($("numbers").open) drawNumbers(); });
}

function fillFilters() {
  const values = (of) => [...new Set(DATA.benchmarks.flatMap(of))].sort((a, b) => a - b);
  choices($("kind"), [["", "all"], ...DATA.kinds.map((kind, k) => [k, short(kind)])], "");
  choices($("difficulty"), [["", "all"], ...values((b) => b.difficulty).map((d) => [d, d])], "");
  choices($("count"), [["", "any number"], ...values((b) => b.count).map((n) => [n, n])], "");
  const entries = axisEntries(), lengths = axisEntries(LENGTHS);
  state.x = firstAxis(entries, ["accuracy_without", "accuracy_with"]);
  state.y = firstAxis(entries, ["hacc", "sacc", "accuracy_with"]);
  state.length = firstAxis(lengths.filter((e) => Array.isArray(e) || e.group === DATA.benchmarks[axis(state.y).benchmark].label), LENGTHS);
  choices($("x-axis"), entries, state.x);
  choices($("y-axis"), entries, state.y);
  choices($("length-axis"), lengths, state.length);
  const regimes = DATA.labels.map((label, i) => [i, `training of ${label}`]).filter(([i]) => DATA.labels[i] !== "base");
  const trained = regimes.filter(([i]) => CHECKPOINTS.filter((own) => own.label === i && own.pooled).length > 1);
  choices($("heat-columns"), [["last", "last checkpoint of each regime"], ...trained], state.heat = trained.length ? trained[0][0] : "last");
  $("seeds-choice").hidden = !CHECKPOINTS.some((own) => own.run < 0);
}

/* Print what is on the page, with its table and everything folded open. */
function listenToPrinting() {
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
    drawNumbers();
  });
  window.addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
}

async function start() {
  DATA = await unpack("index");
  await pause();
  CHECKPOINTS = checkpoints();
  const samples = DATA.points.reduce((sum, point) => sum + point.task.length, 0);
  const kinds = new Set(DATA.points.map((p) => key(p.label, p.run, p.step))).size;
  $("summary").textContent = [plural(DATA.labels.filter((l) => l !== "base").length, "regime"), plural(kinds, "checkpoint"),
    `${plural(DATA.benchmarks.length, "benchmark")} (${DATA.benchmarks.map((b) => b.label).join(", ")})`, plural(samples, "sample")].join(" · ");
  document.querySelector("main").hidden = false;
  fillFilters();
  drawRamp($("ramp"));
  drawRegimes();
  listenToFilters();
  listenToSamples();
  listenToPrinting();
  await pause();
  await draw();
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
  let width = window.innerWidth;
  window.addEventListener("resize", () => { if (window.innerWidth !== width) { width = window.innerWidth; draw(); } });
  const first = shown().filter((own) => own.last).pop();
  await chooseSamples(CHECKPOINTS.find((own) => own === first), { show: "broken" });
  document.documentElement.dataset.ready = "true";
}

start();
