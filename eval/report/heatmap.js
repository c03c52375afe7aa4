/* Kinds of constraints (rows) over checkpoints (columns): a table of buttons, coloured by the share that is met. */

// Cividis (Nunez, Anderton and Renslow 2018): even lightness steps, the same to colour-blind eyes.
const CIVIDIS = [
  "#00224e",
  "#123570",
  "#3b496c",
  "#575d6d",
  "#707173",
  "#8a8678",
  "#a59c74",
  "#c3b369",
  "#e1cc55",
  "#fee838",
];
const DENSE = 40; // columns, beyond which numbers leave the cells

function cividis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1),
    i = Math.min(Math.floor(at), CIVIDIS.length - 2);
  const part = (hex, k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) =>
    Math.round(part(CIVIDIS[i], k) + (at - i) * (part(CIVIDIS[i + 1], k) - part(CIVIDIS[i], k))),
  );
  return `rgb(${mixed.join(",")})`;
}

function drawRamp(holder) {
  holder.style.background = `linear-gradient(to right, ${CIVIDIS.join(",")})`;
}

/* columns: [{checkpoint, text}]; open(checkpoint, kind) on a click. */
function heatmap(holder, columns, benchmark, kinds, filter, open) {
  const rows = kinds
    .map((kind) => ({
      kind,
      cells: columns.map(({ checkpoint }) => score(checkpoint, benchmark, "met", { ...filter, kind })),
    }))
    .filter((row) => row.cells.some(Boolean));
  if (!rows.length) {
    holder.replaceChildren(el("p", { class: "empty" }, "No constraints under these filters."));
    return;
  }
  const grid = rows.map(({ kind, cells }) =>
    cells.map((found, i) => found && cellOf(found, columns[i].checkpoint, kind, open)),
  );
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, "kind"),
    ...columns.map(({ text }) => el("th", { scope: "col" }, text)),
  );
  const body = rows.map(({ kind }, r) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", title: DATA.kinds[kind] }, short(DATA.kinds[kind])),
      ...grid[r].map((node) => el("td", {}, node || el("span", { class: "none" }, "–"))),
    ),
  );
  const place = new Map(grid.flatMap((line, r) => line.map((node, c) => [node, [r, c]])).filter(([node]) => node));
  rove([...place.keys()], (node, pressed) => {
    const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[pressed];
    if (!steps) return undefined;
    let [r, c] = place.get(node);
    do {
      r += steps[0];
      c += steps[1];
    } while (grid[r] && c in grid[r] && !grid[r][c]);
    return grid[r]?.[c];
  });
  holder.replaceChildren(
    el(
      "table",
      { class: columns.length > DENSE ? "heat dense" : "heat" },
      el("thead", {}, head),
      el("tbody", {}, ...body),
    ),
  );
}

function cellOf(found, checkpoint, kind, open) {
  const title = `${short(DATA.kinds[kind])}, ${nameOf(checkpoint)}`,
    text = `${scored(found)} %`;
  const node = el(
    "button",
    {
      type: "button",
      "aria-label": `${title}: ${text} met, ${plural(found.n, "problem")}. Open its samples`,
      onclick: () => open(checkpoint, kind),
    },
    String(Math.round(found.value)),
  );
  node.style.background = cividis(found.value / 100);
  node.style.color = found.value > 47 ? "#000" : "#fff";
  withTip(node, () => [
    title,
    [
      ["met", text],
      ["problems", thousands(found.n)],
    ],
  ]);
  return node;
}
