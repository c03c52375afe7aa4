"use strict";
/* Elements and numbers. Text reaches the page as text nodes only: what a model writes is never markup. */

const $ = (id) => document.getElementById(id);

function put(node, properties, children) {
  for (const [key, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function el(tag, properties, ...children) {
  return put(document.createElement(tag), properties, children);
}

function svg(tag, properties, ...children) {
  return put(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

/* Fill a select with [value, text] pairs, or {group, options}; keep the chosen value if it is still there. */
function choices(select, entries, chosen) {
  const option = ([value, text]) => el("option", { value }, text);
  select.replaceChildren(
    ...entries.map((entry) =>
      Array.isArray(entry) ? option(entry) : el("optgroup", { label: entry.group }, ...entry.options.map(option)),
    ),
  );
  select.value = String(chosen);
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

/* Let the browser breathe: what follows is a task of its own. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

const thousands = (n) => n.toLocaleString("en");
const plural = (n, noun) => `${thousands(n)} ${noun}${n === 1 ? "" : "s"}`;

function number(value) {
  return Math.abs(value) >= 1000 ? thousands(Math.round(value)) : value.toFixed(1);
}

/* "72.0 [69.1, 74.6]", without brackets where there is no interval. */
function scored(score) {
  if (!score) return "–";
  const interval = score.low === null ? "" : ` [${number(score.low)}, ${number(score.high)}]`;
  return number(score.value) + interval;
}

/* One tab stop for a set of elements; `move(key)` says which comes next. */
function rove(nodes, next) {
  const current = (node) => nodes.forEach((other) => other.setAttribute("tabindex", other === node ? 0 : -1));
  nodes.forEach((node) => {
    node.addEventListener("focus", () => current(node));
    node.addEventListener("keydown", (event) => {
      const target = next(node, event.key);
      if (target) {
        event.preventDefault();
        target.focus();
      }
    });
  });
  if (nodes.length) current(nodes[nodes.length - 1]);
}

function showTip(anchor, title, rows) {
  const tip = $("tip");
  tip.replaceChildren(
    el("strong", {}, title),
    el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
  );
  tip.hidden = false;
  const box = anchor.getBoundingClientRect(),
    own = tip.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), width - own.width - 8);
  const above = box.top - own.height - 10;
  tip.style.left = `${left + window.scrollX}px`;
  tip.style.top = `${(above > 0 ? above : box.bottom + 10) + window.scrollY}px`;
}

function hideTip() {
  $("tip").hidden = true;
}

/* The tip of `content()` while `node` is pointed at or has the focus. */
function withTip(node, content) {
  const show = () => showTip(node, ...content());
  node.addEventListener("pointerenter", show);
  node.addEventListener("focus", show);
  node.addEventListener("pointerleave", hideTip);
  node.addEventListener("blur", hideTip);
}
