/* One prompt, token by token: how much an answer attends to each, before and after reasoning. */

const ATTENTION_RUNS = { cot: "after reasoning", direct: "direct", change: "after reasoning, as a share of direct" };
const SPAN = { cot: 3, direct: 3, change: 2 }; // doublings and halvings that the colours reach

function startAttention() {
  const found = DATA.attention;
  if (!found.length) return;
  $("attention").hidden = false;
  choices(
    $("a-point"),
    found.map((own, i) => [i, attentionName(own)]),
    found.length - 1,
  );
  choices($("a-run"), Object.entries(ATTENTION_RUNS), "cot");
  drawRamp($("a-ramp"));
  for (const id of ["a-point", "a-run", "a-layer"]) $(id).addEventListener("change", drawAttention);
  drawAttention();
}

function attentionName(own) {
  if (own.label === "base") return "base model";
  const seeds = new Set(DATA.attention.filter((other) => other.label === own.label).map((other) => other.run));
  return `${own.label}${seeds.size > 1 ? `, ${own.run}` : ""}, step ${own.step}`;
}

/* The mean over the layers that were measured, or one of them. */
function attentionOf(own, run, layer) {
  const layers = own.runs[run];
  if (layer !== "") return layers[+layer];
  const known = layers.filter((values) => values.length && values[0] !== null);
  return known[0].map((_, token) => known.reduce((sum, values) => sum + values[token], 0) / known.length);
}

function drawAttention() {
  const own = DATA.attention[$("a-point").value],
    run = $("a-run").value;
  const measured = own.runs.cot.flatMap((values, layer) => (values.length && values[0] !== null ? [layer] : []));
  choices($("a-layer"), [["", "mean over layers"], ...measured.map((layer) => [layer, String(layer)])], $("a-layer").value);
  const of = Object.fromEntries(["direct", "cot"].map((name) => [name, attentionOf(own, name, $("a-layer").value)]));
  of.change = of.cot.map((value, token) => value / of.direct[token]);
  const least = 2 ** -SPAN[run],
    most = 2 ** SPAN[run];
  $("a-least").textContent = `1/${Math.round(1 / least)}`;
  $("a-most").textContent = `×${most}`;
  const nodes = own.tokens.map((text, token) => tokenNode(own, text, token, of, run));
  $("tokens").replaceChildren(
    ...nodes.flatMap((node, token) => {
      const number = own.constraint[token];
      const begins = number && own.constraint.indexOf(number) === token;
      return begins ? [el("sup", { "aria-hidden": "true" }, String(number)), node] : [node];
    }),
  );
  rove(nodes, (node, pressed) => {
    const at = nodes.indexOf(node);
    return { ArrowRight: nodes[at + 1], ArrowLeft: nodes[at - 1], Home: nodes[0], End: nodes.at(-1) }[pressed];
  });
  drawAttentionSaid(own, of);
}

function tokenNode(own, text, token, of, run) {
  const number = own.constraint[token],
    value = of[run][token];
  const shown = text.trim() ? text : text.replaceAll("\n", "⏎\n") || "∅";
  const title = `token ${token + 1}${number ? `, constraint ${number}` : ""}`;
  const node = el(
    "span",
    {
      class: number ? "token constraint" : "token",
      role: "listitem",
      "aria-label": `“${text}”, ${title}: ${value.toFixed(2)}`,
    },
    shown,
  );
  const share = (Math.log2(Math.max(value, 1e-9)) + SPAN[run]) / (2 * SPAN[run]);
  node.style.background = cividis(share);
  node.style.color = inkOn(node.style.background);
  withTip(node, () => [title, [...["direct", "cot"].map((name) => [ATTENTION_RUNS[name], `×${of[name][token].toFixed(2)}`])]]);
  return node;
}

/* Black or white, whichever stands out more: of the two one always has a contrast above 4.5. */
function inkOn(color) {
  const [r, g, b] = color.match(/\d+/g).map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

function drawAttentionSaid(own, of) {
  const mean = (values, inside) => {
    const some = values.filter((_, token) => Boolean(own.constraint[token]) === inside);
    return some.length ? `×${(some.reduce((a, b) => a + b, 0) / some.length).toFixed(2)}` : "–";
  };
  const part = (name) => `${ATTENTION_RUNS[name]} ${mean(of[name], true)} (other tokens ${mean(of[name], false)})`;
  $("a-said").textContent = `${own.problem}: attention to a constraint token, ${part("direct")}, ${part("cot")}.`;
}
