/* A checkpoint's score under the filters: as it was computed for the report, with its interval, where there is such a slice;
   for combinations of filters a plain mean over the samples, which has none. */

/* of(p, i, t): the value of sample i of point p, with t its benchmark's tasks; null where it says nothing. */
const correct = (p, i) => (p.correct[i] === "?" ? null : +p.correct[i]);
const asked = (p, i, t) => t.kinds[p.task[i]].length; // constraints of its prompt
const allMet = (p, i, t) => +(p.met[i] === 2 ** asked(p, i, t) - 1);
const METRICS = {
  accuracy_without: {
    name: "accuracy without constraints",
    of: (p, i, t) => (t.condition[p.task[i]] === "without" ? correct(p, i) : null),
  },
  accuracy_with: {
    name: "accuracy with constraints",
    of: (p, i, t) => (t.condition[p.task[i]] === "with" ? correct(p, i) : null),
  },
  hacc: { name: "all constraints met, HAcc", of: (p, i, t) => (asked(p, i, t) ? allMet(p, i, t) : null) },
  sacc: {
    name: "share of constraints met, SAcc",
    of: (p, i, t) => (asked(p, i, t) ? numBits(p.met[i]) / asked(p, i, t) : null),
  },
  correct_and_hacc: { name: "correct and all constraints met", of: cell(1, 1) },
  correct_not_hacc: { name: "correct, a constraint broken", of: cell(1, 0) },
  incorrect_and_hacc: { name: "wrong, all constraints met", of: cell(0, 1) },
  incorrect_not_hacc: { name: "wrong, a constraint broken", of: cell(0, 0) },
  reasoning_tokens: { name: "CoT tokens", tokens: true, of: (p, i) => p.reasoning[i] },
  response_tokens: { name: "response tokens", tokens: true, of: (p, i) => p.response[i] },
  truncation_rate: { name: "truncated", of: (p, i) => +p.truncated[i] },
  unterminated_rate: { name: "thinking never closed", of: (p, i) => +(p.outcome[i] === "u") },
  undecided: { name: "grading undecided", of: (p, i) => +(p.correct[i] === "?") },
};

/* One of the four cells correct x compliant; an undecided grading is in none. */
function cell(isCorrect, isMet) {
  return (p, i, t) =>
    asked(p, i, t) && correct(p, i) !== null ? +(correct(p, i) === isCorrect && allMet(p, i, t) === isMet) : null;
}

/* Of a metric that the page can compute itself; `<metric>_completed` leaves truncated samples out. */
function metricOf(metric) {
  if (METRICS[metric] || !metric.endsWith("_completed")) return METRICS[metric];
  const whole = METRICS[metric.slice(0, -"_completed".length)];
  if (!whole) return undefined;
  return { ...whole, name: `${whole.name}, completed only`, of: (p, i, t) => (+p.truncated[i] ? null : whole.of(p, i, t)) };
}

const COMPLIANCE = ["hacc", "sacc", "correct_and_hacc"];
const LENGTHS = ["reasoning_tokens", "response_tokens"];
const metricName = (metric) => metricOf(metric)?.name || metric.replaceAll("_", " ");
const unitOf = (metric) => (metricOf(metric) ? (metricOf(metric).tokens ? "" : " (%)") : "");

function numBits(bits) {
  let count = 0;
  for (let rest = bits; rest; rest >>= 1) count += rest & 1;
  return count;
}

/* Of the constraints of `kind` in the prompt, the share that is met; null without any. */
function kindMet(p, i, t, kind) {
  const kinds = t.kinds[p.task[i]];
  let met = 0,
    count = 0;
  for (let k = 0; k < kinds.length; k++) {
    if (kinds[k] !== kind) continue;
    count += 1;
    met += (p.met[i] >> k) & 1;
  }
  return count ? met / count : null;
}

let columnOf = null; // "metric slice" -> column of a group
function column(metric, slice) {
  columnOf ||= new Map(DATA.columns.map(([m, s], i) => [`${m} ${s}`, i]));
  return columnOf.get(`${metric} ${slice}`);
}

/* filter: {kind, difficulty, count}, each null for all. Returns {value, low, high, n} or null; low is null without interval.
   A kind turns compliance into that kind's, and leaves the other metrics alone. */
function score(checkpoint, benchmark, metric, filter) {
  const group = checkpoint.groups[benchmark];
  if (!group) return null;
  const kind = COMPLIANCE.includes(metric) || metric === "met" ? filter.kind : null;
  const slices = [
    kind !== null && `kind=${DATA.kinds[kind]}`,
    filter.difficulty !== null && `difficulty=${filter.difficulty}`,
    filter.count !== null && `num_constraints=${filter.count}`,
  ].filter(Boolean);
  if (slices.length > 1) return mean(checkpoint, benchmark, metric, kind, filter);
  const at = column(kind === null ? metric : "met", slices[0] || "all");
  if (at === undefined || group.value[at] === null) return null;
  return { value: group.value[at], low: group.low[at], high: group.high[at], n: group.n[at] };
}

function mean(checkpoint, benchmark, metric, kind, filter) {
  const computed = metricOf(metric);
  if (kind === null && !computed) return null;
  const tasks = DATA.benchmarks[benchmark],
    problems = new Set();
  let sum = 0,
    count = 0;
  for (const point of checkpoint.points[benchmark] || []) {
    for (let i = 0; i < point.task.length; i++) {
      if (!passes(point, i, tasks, filter)) continue;
      const value = kind === null ? computed.of(point, i, tasks) : kindMet(point, i, tasks, kind);
      if (value === null) continue;
      sum += value;
      count += 1;
      problems.add(tasks.problem[point.task[i]]);
    }
  }
  const scale = kind === null && computed.tokens ? 1 : 100;
  return count ? { value: (scale * sum) / count, low: null, high: null, n: problems.size } : null;
}

function passes(point, i, tasks, filter) {
  const task = point.task[i];
  return (
    (filter.difficulty === null || tasks.difficulty[task] === filter.difficulty) &&
    (filter.count === null || tasks.count[task] === filter.count)
  );
}
