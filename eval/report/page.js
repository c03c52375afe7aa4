/* The page: reads the index, draws everything, and draws again what a choice changes. */

let CHECKPOINTS = [];
const state = {
  hidden: new Set(),
  kind: null,
  difficulty: null,
  count: null,
  last: false,
  seeds: false,
  x: null,
  y: null,
  length: null,
  heat: "last",
};
const filter = () => ({ kind: state.kind, difficulty: state.difficulty, count: state.count });
const toNumber = (text) => (text === "" ? null : Number(text));

/* The line that a checkpoint is on: its regime's, or its seed's. */
const seriesOf = (own) => (state.seeds ? `${own.label}/${own.run}` : String(own.label));

/* Checkpoints that the choice of regimes, seeds and steps shows, line by line in step order; `last` marks each end. */
function shown() {
  const own = CHECKPOINTS.filter(
    (c) => !state.hidden.has(c.label) && (isBase(c) || (state.seeds ? c.run >= 0 : c.pooled)),
  );
  own.sort(
    (a, b) => isBase(b) - isBase(a) || a.label - b.label || (state.seeds ? a.run - b.run : 0) || a.step - b.step,
  );
  own.forEach((c, i) => {
    c.last = i + 1 === own.length || seriesOf(own[i + 1]) !== seriesOf(c);
  });
  return own.filter((c) => c.last || !state.last);
}

const axis = (value) => {
  const [benchmark, metric] = value.split("/");
  return { benchmark: +benchmark, metric };
};

function axisTitle({ benchmark, metric }) {
  const name =
    COMPLIANCE.includes(metric) && state.kind !== null ? `${short(DATA.kinds[state.kind])} met` : metricName(metric);
  return `${name}${DATA.benchmarks.length > 1 ? `, ${DATA.benchmarks[benchmark].label}` : ""}${unitOf(metric)}`;
}

function rowsFor(x, y) {
  return shown()
    .map((checkpoint) => ({
      checkpoint,
      x: score(checkpoint, x.benchmark, x.metric, filter()),
      y: score(checkpoint, y.benchmark, y.metric, filter()),
    }))
    .filter((row) => row.x && row.y);
}

function tipOf(x, y) {
  const more = [
    ["accuracy_without", "accuracy_with"],
    COMPLIANCE.slice(0, 2),
    ["reasoning_tokens", "truncation_rate"],
  ].flat();
  return ({ checkpoint, x: across, y: up }) => {
    const rows = [
      [axisTitle(x), scored(across)],
      [axisTitle(y), scored(up)],
    ];
    for (const metric of more) {
      if (metric === x.metric || metric === y.metric || (COMPLIANCE.includes(metric) && state.kind !== null)) continue;
      const found = score(checkpoint, y.benchmark, metric, filter());
      if (found) rows.push([metricName(metric) + unitOf(metric), scored(found)]);
    }
    rows.push(["problems", thousands(up.n)]);
    return [nameOf(checkpoint), rows];
  };
}

const percent = (metric) => (metricOf(metric) ? !metricOf(metric).tokens : false);

function drawChart(holder, x, y) {
  const rows = rowsFor(x, y);
  scatter(
    holder,
    rows,
    { x: { title: axisTitle(x), percent: percent(x.metric) }, y: { title: axisTitle(y), percent: percent(y.metric) } },
    tipOf(x, y),
    (checkpoint) => chooseSamples(checkpoint, {}, true),
  );
  return rows;
}

/* The curve at once, the rest a task each, so that no choice waits for all of it. */
let drawing = 0;
async function draw() {
  hideTip();
  const turn = ++drawing,
    x = axis(state.x),
    y = axis(state.y);
  drawNote(drawChart($("curve-chart"), x, y));
  const rest = [
    drawHeat,
    () => drawChart($("length-chart"), axis(state.length), y),
    () => {
      if ($("numbers").open) drawNumbers();
    },
  ];
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
  if (state.kind !== null)
    parts.push(`compliance is the share of responses that meet “${short(DATA.kinds[state.kind])}”`);
  if (rows.some((row) => row.x.low === null || row.y.low === null)) {
    parts.push("this combination of filters has plain rates, without intervals; one filter at a time has intervals");
  }
  $("note").textContent = `${parts.join("; ")}.`;
}

function drawNumbers() {
  const x = axis(state.x),
    y = axis(state.y);
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
    {
      name: "problems",
      of: (own) => thousands(score(own, y.benchmark, y.metric, filter())?.n ?? 0),
      by: (own) => score(own, y.benchmark, y.metric, filter())?.n ?? 0,
    },
  ];
  scoreTable($("numbers-table"), "Scores of the checkpoints shown, with 95 % intervals", columns, shown(), {
    column: null,
    down: false,
  });
}

function drawHeat() {
  const last = state.heat === "last",
    own = shown();
  const columns = last ? own.filter((c) => c.last) : own.filter((c) => isBase(c) || c.label === +state.heat);
  const text = (c) =>
    isBase(c)
      ? "base"
      : last
        ? nameOf(c).replace(/, step \d+$/, "")
        : `${state.seeds && !c.pooled ? `${DATA.runs[c.run]} ` : ""}${c.step}`;
  const kinds = state.kind === null ? DATA.kinds.map((_, k) => k) : [state.kind];
  heatmap(
    $("heat"),
    columns.map((checkpoint) => ({ checkpoint, text: text(checkpoint) })),
    axis(state.y).benchmark,
    kinds,
    filter(),
    (checkpoint, kind) => chooseSamples(checkpoint, { kind, show: "broken" }, true),
  );
  $("heat").classList.toggle("by-regime", last);
}

/* Print what is on the page, with its table and everything folded open. */
function listenToPrinting() {
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => {
      details.open = true;
    });
    drawNumbers();
  });
  window.addEventListener("afterprint", () =>
    closed.forEach((details) => {
      details.open = false;
    }),
  );
}

async function start() {
  DATA = await unpack("index");
  await pause();
  CHECKPOINTS = checkpoints();
  const samples = DATA.points.reduce((sum, point) => sum + point.task.length, 0);
  const kinds = new Set(DATA.points.map((p) => key(p.label, p.run, p.step))).size;
  $("summary").textContent = [
    plural(DATA.labels.filter((l) => l !== "base").length, "regime"),
    plural(kinds, "checkpoint"),
    `${plural(DATA.benchmarks.length, "benchmark")} (${DATA.benchmarks.map((b) => b.label).join(", ")})`,
    plural(samples, "sample"),
  ].join(" · ");
  document.querySelector("main").hidden = false;
  fillFilters();
  drawRamp($("ramp"));
  drawRegimes();
  listenToFilters();
  listenToSamples();
  listenToPrinting();
  startAttention();
  await pause();
  await draw();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      draw();
    }
  });
  const first = shown()
    .filter((own) => own.last)
    .pop();
  await chooseSamples(
    CHECKPOINTS.find((own) => own === first),
    { show: "broken" },
  );
  document.documentElement.dataset.ready = "true";
}

start();
