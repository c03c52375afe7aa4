/* The filters and axes: what can be chosen, and that a choice draws again. */

function drawRegimes() {
  const box = $("regimes");
  const set = (hidden) => {
    state.hidden = new Set(hidden);
    drawRegimes();
    draw();
  };
  const all = DATA.labels.map((_, label) => label);
  const chips = all.map((label) => {
    const input = el("input", {
      type: "checkbox",
      value: label,
      onchange: (event) => {
        if (event.target.checked) state.hidden.delete(label);
        else state.hidden.add(label);
        draw();
      },
    });
    input.checked = !state.hidden.has(label);
    const picture = svg(
      "svg",
      { class: `swatch mark ${colorClass(label)}`, viewBox: "-9 -9 18 18", "aria-hidden": "true" },
      svg("path", { d: shapeOf(label) }),
    );
    return el(
      "label",
      { class: "chip" },
      input,
      picture,
      DATA.labels[label] === "base" ? "base model" : DATA.labels[label],
    );
  });
  box.replaceChildren(
    el("legend", {}, "Regimes"),
    ...chips,
    el(
      "span",
      { class: "steps" },
      el("button", { type: "button", onclick: () => set([]) }, "all"),
      el(
        "button",
        { type: "button", onclick: () => set(all.filter((label) => DATA.labels[label] !== "base")) },
        "none",
      ),
    ),
  );
}

function axisEntries(metrics) {
  const present = metrics || [...new Set(DATA.columns.map(([metric]) => metric))].filter((metric) => metric !== "met");
  const has = (benchmark, metric) =>
    DATA.groups.some((g) => g.benchmark === benchmark && g.value[column(metric, "all")] != null);
  const options = (b) =>
    present.filter((metric) => has(b, metric)).map((metric) => [`${b}/${metric}`, metricName(metric)]);
  if (DATA.benchmarks.length === 1) return options(0);
  return DATA.benchmarks
    .map(({ label }, b) => ({ group: label, options: options(b) }))
    .filter(({ options: found }) => found.length);
}

/* The first axis with one of `metrics`, or the first of all. */
function firstAxis(entries, metrics) {
  const values = entries.flatMap((entry) =>
    Array.isArray(entry) ? [entry[0]] : entry.options.map(([value]) => value),
  );
  return metrics.map((metric) => values.find((value) => value.endsWith(`/${metric}`))).find(Boolean) || values[0];
}

function listenToFilters() {
  const redraw = (id, change) =>
    $(id).addEventListener("change", (event) => {
      change(event.target.value);
      draw();
    });
  redraw("kind", (value) => {
    state.kind = toNumber(value);
  });
  redraw("difficulty", (value) => {
    state.difficulty = toNumber(value);
  });
  redraw("count", (value) => {
    state.count = toNumber(value);
  });
  redraw("which", (value) => {
    state.last = value === "last";
  });
  redraw("seeds", (value) => {
    state.seeds = value === "each";
  });
  redraw("x-axis", (value) => {
    state.x = value;
  });
  redraw("y-axis", (value) => {
    state.y = value;
  });
  redraw("length-axis", (value) => {
    state.length = value;
  });
  redraw("heat-columns", (value) => {
    state.heat = value;
  });
  $("reset").addEventListener("click", () => {
    Object.assign(state, { hidden: new Set(), kind: null, difficulty: null, count: null, last: false, seeds: false });
    for (const id of ["kind", "difficulty", "count"]) $(id).value = "";
    $("which").value = "all";
    $("seeds").value = "pooled";
    drawRegimes();
    draw();
  });
  $("numbers").addEventListener("toggle", () => {
    if ($("numbers").open) drawNumbers();
  });
}

function fillFilters() {
  const values = (of) => [...new Set(DATA.benchmarks.flatMap(of))].sort((a, b) => a - b);
  choices($("kind"), [["", "all"], ...DATA.kinds.map((kind, k) => [k, short(kind)])], "");
  choices($("difficulty"), [["", "all"], ...values((b) => b.difficulty).map((d) => [d, d])], "");
  choices($("count"), [["", "any number"], ...values((b) => b.count).map((n) => [n, n])], "");
  const entries = axisEntries(),
    lengths = axisEntries(LENGTHS);
  state.x = firstAxis(entries, ["accuracy_without", "accuracy_with"]);
  state.y = firstAxis(entries, ["hacc", "sacc", "accuracy_with"]);
  state.length = firstAxis(
    lengths.filter((e) => Array.isArray(e) || e.group === DATA.benchmarks[axis(state.y).benchmark].label),
    LENGTHS,
  );
  choices($("x-axis"), entries, state.x);
  choices($("y-axis"), entries, state.y);
  choices($("length-axis"), lengths, state.length);
  const regimes = DATA.labels.map((label, i) => [i, `training of ${label}`]).filter(([i]) => DATA.labels[i] !== "base");
  const trained = regimes.filter(([i]) => CHECKPOINTS.filter((own) => own.label === i && own.pooled).length > 1);
  choices(
    $("heat-columns"),
    [["last", "last checkpoint of each regime"], ...trained],
    (state.heat = trained.length ? trained[0][0] : "last"),
  );
  $("seeds-choice").hidden = !CHECKPOINTS.some((own) => own.run < 0);
}
