/* Which samples are looked at: the selects above the list, and the ways into it from the charts. */

/* Open the samples of a checkpoint (the first seed's, where seeds are pooled); the page's own filters go with it. */
async function chooseSamples(
  checkpoint,
  { task = null, kind = state.kind, show = browsing.show, benchmark = null } = {},
  go = false,
) {
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
  const { point } = browsing,
    points = DATA.points;
  const distinct = (rows, of) => [...new Set(rows.map(of))];
  const same = (...keys) => points.filter((p) => keys.every((k) => p[k] === point[k]));
  choices(
    $("s-label"),
    distinct(points, (p) => p.label).map((i) => [i, DATA.labels[i] === "base" ? "base model" : DATA.labels[i]]),
    point.label,
  );
  choices(
    $("s-run"),
    distinct(same("label"), (p) => p.run).map((i) => [i, DATA.runs[i]]),
    point.run,
  );
  choices(
    $("s-step"),
    distinct(same("label", "run"), (p) => p.step).map((s) => [s, s]),
    point.step,
  );
  choices(
    $("s-benchmark"),
    distinct(same("label", "run", "step"), (p) => p.benchmark).map((i) => [i, DATA.benchmarks[i].label]),
    point.benchmark,
  );
  const tasks = DATA.benchmarks[point.benchmark];
  choices(
    $("s-show"),
    Object.entries(SHOWS).map(([value, [text]]) => [value, text]),
    browsing.show,
  );
  choices(
    $("s-kind"),
    [
      ["", "all"],
      ...distinct(tasks.kinds.flat(), (k) => k)
        .sort((a, b) => a - b)
        .map((k) => [k, short(DATA.kinds[k])]),
    ],
    browsing.kind ?? "",
  );
  choices(
    $("s-difficulty"),
    [
      ["", "all"],
      ...distinct(tasks.difficulty, (d) => d)
        .sort((a, b) => a - b)
        .map((d) => [d, d]),
    ],
    browsing.difficulty ?? "",
  );
}

/* The point that the selects name: the rightmost that was not touched gives way. */
function pointChosen(changed) {
  const order = ["label", "run", "step", "benchmark"],
    values = order.map((name) => +$(`s-${name}`).value);
  for (let kept = order.length; kept > 0; kept--) {
    const found = DATA.points.filter((p) => order.slice(0, kept).every((name, k) => p[name] === values[k]));
    const own = found.find((p) => p.step === values[2] && p.benchmark === values[3]) || found[found.length - 1];
    if (found.length && kept > order.indexOf(changed)) return own;
  }
  return browsing.point;
}

function listenToSamples() {
  for (const name of ["label", "run", "step", "benchmark"]) {
    $(`s-${name}`).addEventListener("change", async () => {
      browsing.point = pointChosen(name);
      drawSampleChoices();
      await browse();
    });
  }
  $("s-show").addEventListener("change", (event) => {
    browsing.show = event.target.value;
    browse();
  });
  $("s-kind").addEventListener("change", (event) => {
    browsing.kind = toNumber(event.target.value);
    browse();
  });
  $("s-difficulty").addEventListener("change", (event) => {
    browsing.difficulty = toNumber(event.target.value);
    browse();
  });
  let waiting = null;
  $("s-search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      browsing.search = event.target.value;
      browse();
    }, 250);
  });
}
