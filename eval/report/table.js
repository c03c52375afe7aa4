/* A table of scores that sorts by any column. */

/* columns: [{name, of(row) -> text, by(row) -> number or string}]; the first is the row's heading. */
function scoreTable(holder, caption, columns, rows, order) {
  const sorted =
    order.column === null
      ? rows
      : [...rows].sort((a, b) => {
          const [u, v] = [columns[order.column].by(a), columns[order.column].by(b)];
          return (u < v ? -1 : u > v ? 1 : 0) * (order.down ? -1 : 1);
        });
  const heads = columns.map((column, i) => {
    const sorts = order.column === i,
      again = { column: i, down: sorts ? !order.down : i > 1 };
    const button = el(
      "button",
      {
        type: "button",
        onclick: () => {
          scoreTable(holder, caption, columns, rows, again);
          holder.querySelectorAll("thead button")[i].focus();
        },
      },
      column.name,
      el("span", { "aria-hidden": "true" }, sorts ? (order.down ? " ▾" : " ▴") : ""),
    );
    return el("th", { scope: "col", "aria-sort": sorts ? (order.down ? "descending" : "ascending") : null }, button);
  });
  const body = sorted.map((row) =>
    el(
      "tr",
      {},
      ...columns.map((column, i) => (i ? el("td", {}, column.of(row)) : el("th", { scope: "row" }, column.of(row)))),
    ),
  );
  holder.replaceChildren(
    el(
      "div",
      { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
      el(
        "table",
        { class: "scores" },
        el("caption", {}, caption),
        el("thead", {}, el("tr", {}, ...heads)),
        el("tbody", {}, ...body),
      ),
    ),
  );
}
