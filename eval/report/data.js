/* The data: an index, read when the page opens, and chunks of texts, unpacked when they are looked at. */

let DATA = null; // the index
const MOST_CHUNKS = 40;
const unpacked = new Map(); // number -> promise of a chunk, oldest first

const parsed = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve, { once: true });
  else resolve();
});

async function unpack(id) {
  const packed = atob($(id).textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function chunk(n) {
  if (!unpacked.has(n)) {
    if (!$(`chunk-${n}`)?.nextSibling) await parsed;
    unpacked.set(n, unpack(`chunk-${n}`));
    if (unpacked.size > MOST_CHUNKS) unpacked.delete(unpacked.keys().next().value);
  }
  return unpacked.get(n);
}

/* Prompts of a benchmark: the first chunks, one each. */
const promptsOf = (point) => chunk(point.benchmark);

/* Texts of sample `i` of a point. */
async function textsOf(point, i) {
  let part = point.starts.length - 1;
  while (point.starts[part] > i) part--;
  const columns = await chunk(point.chunk + part),
    row = i - point.starts[part];
  return Object.fromEntries(Object.entries(columns).map(([key, values]) => [key, values[row]]));
}

/* Call visit(i, texts) on every sample of a point, a chunk at a time, until it returns false or all are seen. */
async function eachText(point, visit) {
  for (let part = 0; part < point.starts.length; part++) {
    const columns = await chunk(point.chunk + part);
    for (let row = 0; row < columns.response.length; row++) {
      const texts = { reasoning: columns.reasoning[row], response: columns.response[row] };
      if (visit(point.starts[part] + row, texts) === false) return;
    }
    await pause();
  }
}

const key = (label, run, step) => `${label}/${run}/${step}`;

/* Checkpoints: {label, run (-1: seeds pooled), step, points: {benchmark: [point]}, groups: {benchmark: group}, pooled},
   where pooled says whether it stands for all seeds of its step. */
function checkpoints() {
  const found = new Map();
  const at = (label, run, step) => {
    const name = key(label, run, step);
    if (!found.has(name)) found.set(name, { label, run, step, points: {}, groups: {}, pooled: false });
    return found.get(name);
  };
  for (const group of DATA.groups) at(group.label, group.run, group.step).groups[group.benchmark] = group;
  for (const point of DATA.points) at(point.label, point.run, point.step).points[point.benchmark] = [point];
  // A step with one run is its own pool; with several, the pool has the points of all.
  const steps = new Map();
  for (const own of found.values()) {
    const name = `${own.label}/${own.step}`;
    if (!steps.has(name)) steps.set(name, []);
    steps.get(name).push(own);
  }
  for (const members of steps.values()) {
    const pool = members.find((own) => own.run < 0) || members[0];
    pool.pooled = true;
    for (const own of members) {
      if (own === pool) continue;
      for (const [benchmark, points] of Object.entries(own.points)) (pool.points[benchmark] ||= []).push(...points);
    }
  }
  return [...found.values()].sort(
    (a, b) => isBase(b) - isBase(a) || a.label - b.label || a.run - b.run || a.step - b.step,
  );
}

const isBase = (checkpoint) => DATA.labels[checkpoint.label] === "base";
const short = (kind) => kind.replace(/^.*:/, "").replaceAll("_", " ");

function nameOf(checkpoint) {
  if (isBase(checkpoint)) return "base model";
  const run = checkpoint.run >= 0 && !checkpoint.pooled ? `, ${DATA.runs[checkpoint.run]}` : "";
  return `${DATA.labels[checkpoint.label]}${run}, step ${checkpoint.step}`;
}
