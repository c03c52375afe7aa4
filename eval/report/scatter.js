/* Checkpoints on a plane: a line per regime, intervals, a marker each that can be reached, pointed at and opened. */

const SHAPES = [
  "M0,-5A5,5 0 1 1 0,5A5,5 0 1 1 0,-5Z", // disc, square, triangle, diamond, triangle down, plus, cross
  "M-4.5,-4.5H4.5V4.5H-4.5Z",
  "M0,-6L5.5,4H-5.5Z",
  "M0,-6.5L5.5,0L0,6.5L-5.5,0Z",
  "M0,6L5.5,-4H-5.5Z",
  "M-2,-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z",
  "M-5.5,-3L-3,-5.5L0,-2.5L3,-5.5L5.5,-3L2.5,0L5.5,3L3,5.5L0,2.5L-3,5.5L-5.5,3L-2.5,0Z",
];
const STAR = "M0,-8L2.2,-2.8L7.8,-2.5L3.5,1.1L4.9,6.5L0,3.5L-4.9,6.5L-3.5,1.1L-7.8,-2.5L-2.2,-2.8Z";
const MARGIN = { top: 12, right: 16, bottom: 46, left: 52 };
const MANY = 60; // checkpoints, beyond which only last ones show their intervals

/* Colour and shape of a regime: 8 and 7, so that 56 differ. "base" has neither. */
const styleOf = (label) => label - (DATA.labels.indexOf("base") >= 0 && DATA.labels.indexOf("base") < label ? 1 : 0);
const colorClass = (label) => (DATA.labels[label] === "base" ? "base" : `c${styleOf(label) % 8}`);
const shapeOf = (label) => (DATA.labels[label] === "base" ? STAR : SHAPES[styleOf(label) % SHAPES.length]);

function ticks(low, high, wanted) {
  const rough = (high - low) / wanted,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const found = [];
  for (let t = Math.ceil(low / step) * step; t <= high + 1e-9; t += step) found.push(+t.toPrecision(12));
  return found;
}

/* Around all values; intervals may reach beyond by as much again, not further. */
function domain(scores, bounded) {
  const values = scores.map((s) => s.value),
    low = Math.min(...values),
    high = Math.max(...values);
  const reach = Math.max((high - low) * 0.6, 2);
  const lows = scores.map((s) => Math.max(s.low ?? s.value, low - reach)),
    highs = scores.map((s) => Math.min(s.high ?? s.value, high + reach));
  const start = Math.min(...lows),
    end = Math.max(...highs),
    margin = Math.max((end - start) * 0.05, 0.5);
  return [Math.max(start - margin, bounded ? -1 : 0), bounded ? Math.min(end + margin, 101) : end + margin];
}

/* rows: [{checkpoint, x, y}] with scores; axes: {x, y: {title, percent}}; open(checkpoint), tip(row) -> [title, rows]. */
function scatter(holder, rows, axes, tip, open) {
  const width = Math.max(holder.clientWidth, 280),
    height = Math.round(Math.min(Math.max(width * 0.52, 300), 460));
  if (!rows.length) {
    holder.replaceChildren(el("p", { class: "empty" }, "No checkpoint has these scores under these filters."));
    return;
  }
  const [x0, x1] = domain(
      rows.map((r) => r.x),
      axes.x.percent,
    ),
    [y0, y1] = domain(
      rows.map((r) => r.y),
      axes.y.percent,
    );
  const x = (v) => MARGIN.left + ((v - x0) / (x1 - x0)) * (width - MARGIN.left - MARGIN.right);
  const y = (v) => height - MARGIN.bottom - ((v - y0) / (y1 - y0)) * (height - MARGIN.top - MARGIN.bottom);
  const frame = frameOf(width, height, x, y, ticks(x0, x1, width / 110), ticks(y0, y1, height / 55), axes);
  const crosses = svg("g", { class: "crosses" }),
    lines = svg("g", { class: "lines" }),
    marks = svg("g", { class: "marks" });
  const clip = (v, low, high) => Math.min(Math.max(v, low), high);
  const nodes = rows.map((row) => {
    const { checkpoint } = row,
      color = colorClass(checkpoint.label),
      at = `translate(${x(row.x.value)},${y(row.y.value)})`;
    const bars = [
      row.x.low !== null && `M${x(clip(row.x.low, x0, x1))},${y(row.y.value)}H${x(clip(row.x.high, x0, x1))}`,
      row.y.low !== null && `M${x(row.x.value)},${y(clip(row.y.low, y0, y1))}V${y(clip(row.y.high, y0, y1))}`,
    ]
      .filter(Boolean)
      .join("");
    const strong = checkpoint.last || isBase(checkpoint);
    const cross =
      bars && svg("path", { class: `${color}${strong ? " strong" : rows.length > MANY ? " quiet" : ""}`, d: bars });
    if (cross) crosses.append(cross);
    const [title, lines_] = tip(row);
    const node = svg(
      "g",
      {
        class: `mark ${color}${strong ? " strong" : ""}`,
        transform: at,
        role: "button",
        tabindex: -1,
        "data-checkpoint": key(checkpoint.label, checkpoint.run, checkpoint.step),
        "aria-label": `${title}. ${lines_.map(([name, value]) => `${name} ${value}`).join("; ")}. Open its samples`,
      },
      svg("circle", { class: "target", r: 11 }),
      svg("path", {
        d: shapeOf(checkpoint.label),
        transform: `scale(${strong ? 1.35 : rows.length > MANY ? 0.65 : 0.8})`,
      }),
    );
    withTip(node, () => [title, lines_]);
    for (const [on, off] of [
      ["pointerenter", "pointerleave"],
      ["focus", "blur"],
    ]) {
      node.addEventListener(on, () => cross && cross.classList.add("shown"));
      node.addEventListener(off, () => cross && cross.classList.remove("shown"));
    }
    node.addEventListener("click", () => open(checkpoint));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(checkpoint);
      }
    });
    marks.append(node);
    return node;
  });
  for (const path of pathsOf(rows)) {
    lines.append(
      svg("path", {
        class: colorClass(path.label),
        d: "M" + path.rows.map((r) => `${x(r.x.value)},${y(r.y.value)}`).join("L"),
      }),
    );
  }
  rove(nodes, (node, pressed) => neighbour(nodes, rows, node, pressed));
  holder.replaceChildren(
    svg(
      "svg",
      {
        class: rows.length > MANY ? "many" : null,
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        role: "group",
        "aria-label": `${axes.y.title} against ${axes.x.title}`,
      },
      frame,
      crosses,
      lines,
      marks,
    ),
  );
}

/* Each run's checkpoints in order, starting at the base model. */
function pathsOf(rows) {
  const base = rows.find((r) => isBase(r.checkpoint)),
    paths = new Map();
  for (const row of rows) {
    if (row === base) continue;
    const name = seriesOf(row.checkpoint);
    if (!paths.has(name)) paths.set(name, { label: row.checkpoint.label, rows: base ? [base] : [] });
    paths.get(name).rows.push(row);
  }
  return [...paths.values()];
}

function neighbour(nodes, rows, node, pressed) {
  const i = nodes.indexOf(node),
    own = rows[i].checkpoint;
  if (pressed === "ArrowRight") return nodes[i + 1];
  if (pressed === "ArrowLeft") return nodes[i - 1];
  if (pressed === "Home") return nodes[0];
  if (pressed === "End") return nodes[nodes.length - 1];
  const other = (j) => seriesOf(rows[j].checkpoint) !== seriesOf(own);
  if (pressed === "ArrowDown") return nodes[rows.findIndex((_, j) => j > i && other(j))];
  if (pressed === "ArrowUp") return nodes[rows.findLastIndex((_, j) => j < i && other(j))];
  return undefined;
}

function frameOf(width, height, x, y, xTicks, yTicks, axes) {
  const bottom = height - MARGIN.bottom,
    frame = svg("g", { class: "frame", "aria-hidden": "true" });
  for (const t of xTicks) {
    frame.append(
      svg("line", { x1: x(t), x2: x(t), y1: MARGIN.top, y2: bottom }),
      svg("text", { x: x(t), y: bottom + 18, "text-anchor": "middle" }, thousands(t)),
    );
  }
  for (const t of yTicks) {
    frame.append(
      svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(t), y2: y(t) }),
      svg("text", { x: MARGIN.left - 8, y: y(t) + 4, "text-anchor": "end" }, thousands(t)),
    );
  }
  const middle = (MARGIN.top + bottom) / 2;
  frame.append(
    svg(
      "text",
      { class: "title", x: (MARGIN.left + width - MARGIN.right) / 2, y: height - 8, "text-anchor": "middle" },
      axes.x.title,
    ),
    svg(
      "text",
      { class: "title", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` },
      axes.y.title,
    ),
  );
  return frame;
}
