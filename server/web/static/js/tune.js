import { ask, confirmed, showTimes, tell, tellNext } from "./api.js";
import { lineChart, table } from "./chart.js";

const STRANGERS = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000];
const WAIT_MS = 250;
const POLL_MS = 700;

const form = document.getElementById("rules");
const [applyButton, resetButton] = [form.querySelector("button.primary"), document.getElementById("reset")];
const rules = [...form.querySelectorAll("[data-rule]")].map((row) => ({
  row,
  name: row.dataset.rule,
  field: row.querySelector("input, select"),
}));
let latest = null;

const oneIn = (share) => `1 in ${Math.round(1 / share).toLocaleString("en")}`;
const percent = (share) => `${(100 * share).toFixed(share && share < 0.0995 ? 1 : 0)} %`;

// Steps of the slider; the value that holds has its place among them.
const slider = rules.find((rule) => rule.name === "max_false_accept");
const held = 1 / Number(slider.row.dataset.value);
const steps = [...new Set([...STRANGERS, Math.round(held)])].sort((one, other) => one - other);
slider.field.max = steps.length - 1;

function showSlider() {
  const text = `1 in ${steps[slider.field.value].toLocaleString("en")}`;
  slider.field.setAttribute("aria-valuetext", text);
  slider.row.querySelector("output").textContent = text;
}

// What a field says, as the API has it; null: nothing is set.
function valueOf({ name, field }) {
  if (name === "max_false_accept") {
    const strangers = steps[field.value];
    return strangers === Math.round(held) ? 1 / held : 1 / strangers;
  }
  if (field.tagName === "SELECT") return field.value;
  return field.value.trim() === "" ? null : Number(field.value);
}

function presentOf({ row, field }) {
  const text = row.dataset.value;
  if (text === "") return null;
  return field.tagName === "SELECT" ? text : Number(text);
}

function isChanged(rule) {
  const [value, present] = [valueOf(rule), presentOf(rule)];
  return typeof value === "number" && typeof present === "number" ? Math.abs(value - present) > 1e-12 : value !== present;
}

const wanted = () => Object.fromEntries(rules.filter(isChanged).map((rule) => [rule.name, valueOf(rule)]));

function reset() {
  for (const { row, name, field } of rules) {
    if (name === "max_false_accept") field.value = steps.indexOf(Math.round(held));
    else field.value = row.dataset.value;
  }
  changed();
}

function showProblem(problem) {
  const whole = form.querySelector("fieldset > .error");
  for (const { row, name, field } of rules) {
    const told = row.querySelector(".error");
    const why = problem?.fields && Object.entries(problem.fields).find(([path]) => path.split(".")[0] === name)?.[1];
    told.hidden = !why;
    told.textContent = why ?? "";
    field.toggleAttribute("aria-invalid", Boolean(why));
  }
  const general = problem && !Object.keys(problem.fields ?? {}).length;
  whole.hidden = !general;
  whole.textContent = general ? problem.message : "";
}

function showPeople(place, preview) {
  place.replaceChildren();
  for (const [title, people, count] of [
    ["Recognised more often", preview.more, preview.more_people],
    ["Recognised less often", preview.less, preview.less_people],
  ]) {
    if (!count) continue;
    const heading = document.createElement("h3");
    heading.textContent = `${title}: ${count}`;
    place.append(heading, list(people, count, (each) => `${each.name}: ${each.now}, then ${each.then} of ${each.photos} photos`));
  }
  if (preview.then.held_pairs) {
    const heading = document.createElement("h3");
    heading.textContent = `Too much alike, so that the later one's photos are held: ${preview.then.held_pairs}`;
    place.append(heading, list(preview.then.held, preview.then.held_pairs, (each) => `${each.names[0]} and ${each.names[1]} (${each.distance})`));
  }
  place.hidden = !place.children.length;
}

// At most `count` items, of which some are known.
function list(items, count, told) {
  const made = document.createElement("ul");
  for (const item of items) made.append(Object.assign(document.createElement("li"), { textContent: told(item) }));
  if (count > items.length) made.append(Object.assign(document.createElement("li"), { textContent: `and ${count - items.length} more` }));
  return made;
}

function fill(side, outlook) {
  const tried = Object.values(outlook.photos).reduce((sum, count) => sum + count, 0);
  const values = {
    risk: oneIn(outlook.risk),
    threshold: outlook.threshold.toFixed(3),
    recognised: tried ? `${outlook.photos.recognised} of ${tried}` : "none to try",
    held: String(outlook.held_pairs),
    ...Object.fromEntries(outlook.refused.map(({ photos, share }) => [`refused-${photos}`, percent(share)])),
  };
  for (const [name, text] of Object.entries(values)) {
    document.querySelector(`[data-${side}="${name}"]`).textContent = text;
  }
}

function show(preview) {
  latest = preview;
  fill("now", preview.now);
  fill("then", preview.then);
  for (const cell of document.querySelectorAll("[data-then]")) {
    const same = cell.textContent === document.querySelector(`[data-now="${cell.dataset.then}"]`).textContent;
    cell.classList.toggle("same", same);
  }
  const sentence = preview.then.sentence ?? "nobody is enrolled";
  document.getElementById("sentence").textContent = `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
  document.getElementById("lax").hidden = !preview.then.lax;
  showPeople(document.getElementById("people"), preview);
}

let asked = 0;
async function look() {
  const number = ++asked;
  try {
    const preview = await ask("POST", "/tuning/preview", wanted());
    if (number !== asked) return;
    showProblem(null);
    show(preview);
    applyButton.disabled = !preview.changes.length;
  } catch (problem) {
    if (number !== asked) return;
    applyButton.disabled = true;
    showProblem(problem);
  }
}

let timer = 0;
function changed() {
  showSlider();
  for (const rule of rules) rule.row.querySelector(".changed").hidden = !isChanged(rule);
  resetButton.disabled = !rules.some(isChanged);
  applyButton.disabled = true;
  clearTimeout(timer);
  timer = setTimeout(look, WAIT_MS);
}

form.addEventListener("input", changed);
resetButton.addEventListener("click", reset);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!latest) return;
  const sentences = [...latest.changes, document.getElementById("sentence").textContent];
  if (!(await confirmed("Apply this? It holds from the next frame on, at every terminal.", sentences))) return;
  applyButton.disabled = true;
  try {
    await ask("PUT", "/tuning", wanted(), { "If-Match": form.dataset.etag });
    tellNext("The settings are applied, and hold at every terminal.");
    location.reload();
  } catch (problem) {
    applyButton.disabled = false;
    showProblem(problem);
  }
});

// Replay

const [start, stop] = [document.getElementById("start"), document.getElementById("stop")];
const [progress, state, result] = ["progress", "replay-state", "result"].map((id) => document.getElementById(id));

function decision(told) {
  if (!told) return "nothing";
  const distance = told.distance === null ? "" : ` ${told.distance.toFixed(3)} of ${told.threshold.toFixed(3)}`;
  return `${told.verdict} ${told.name ?? "unknown"} (${told.reason}${distance})`;
}

function showResult(found) {
  result.replaceChildren();
  result.hidden = !found;
  if (!found) return;
  const totals = table(
    ["Verdict", "#Then decided", "#Decided again"],
    [
      ["Granted", found.granted_before, found.granted_after],
      ["Denied", found.denied_before, found.denied_after],
    ],
  );
  result.append(heading(`Visits: ${found.visits.toLocaleString("en")}; they end otherwise: ${found.changed.toLocaleString("en")}`), totals);
  if (found.people_changed) {
    const rows = found.people.map((each) => [each.name, each.before, each.after, each.after > each.before ? "gains" : "loses"]);
    result.append(heading(`People with other grants: ${found.people_changed}`), table(["Person", "#Granted then", "#Granted again", "Change"], rows));
  }
  if (found.changed) {
    const rows = found.listed.map((each) => ["", each.terminal, decision(each.before), decision(each.after)]);
    const visits = table(["Time", "Terminal", "Then", "Again"], rows);
    [...visits.tBodies[0].rows].forEach((row, at) => {
      const moment = new Date(found.listed[at].moment);
      row.cells[0].append(Object.assign(document.createElement("time"), { dateTime: moment.toISOString() }));
    });
    showTimes(visits);
    const more = found.changed > found.listed.length ? `, the latest ${found.listed.length}` : "";
    result.append(heading(`Visits that end otherwise: ${found.changed}${more}`), wrapped(visits));
  }
  const remarks = [...found.remarks, ...found.problems.map((problem) => `skipped: ${problem}`)];
  if (remarks.length) result.append(heading("To know when reading this"), list(remarks, remarks.length, (each) => each));
}

const heading = (text) => Object.assign(document.createElement("h3"), { textContent: text });

function wrapped(made) {
  const around = document.createElement("div");
  around.className = "table";
  around.tabIndex = 0;
  around.append(made);
  return around;
}

const ENDS = { done: "Done.", stopped: "Stopped; this is as far as it came." };

function showJob(job) {
  const running = job.state === "running";
  start.disabled = running;
  stop.hidden = progress.hidden = !running;
  const [words, bar] = [progress.querySelector("span"), progress.querySelector("progress")];
  if (running && job.records) {
    words.textContent = `Deciding: ${job.decided.toLocaleString("en")} of ${job.records.toLocaleString("en")} records`;
    bar.value = job.decided / job.records;
  } else {
    words.textContent = `Reading: ${job.counted.toLocaleString("en")} records`;
    bar.removeAttribute("value");
  }
  const about = job.changes.length ? job.changes.join(" ") : "Under the rules that hold.";
  state.textContent = running ? about : `${job.problem ?? ENDS[job.state]} ${about}`;
  showResult(job.result);
  if (running) setTimeout(poll, POLL_MS);
}

async function poll() {
  try {
    showJob(await ask("GET", "/tuning/replay"));
  } catch (problem) {
    if (problem.status !== 404) tell(problem.message);
  }
}

start.addEventListener("click", async () => {
  try {
    showJob(await ask("POST", "/tuning/replay", wanted()));
  } catch (problem) {
    tell(problem.message);
  }
});
stop.addEventListener("click", async () => {
  try {
    await ask("DELETE", "/tuning/replay");
  } catch (problem) {
    tell(problem.message);
  }
});

// Charts

function powers(from, to, told) {
  const ticks = [];
  for (let exponent = from; exponent <= to; exponent += 1) ticks.push([10 ** exponent, told(exponent)]);
  return ticks;
}

async function drawGrid() {
  const days = document.getElementById("days").value;
  const [about, chart, rows] = ["grid-about", "grid-chart", "grid-table"].map((id) => document.getElementById(id));
  const grid = await ask("GET", `/tuning/grid?days=${days}`);
  const told = (line, title) => [
    title ?? oneIn(line.risk),
    line.threshold.toFixed(3),
    `${line.recognised} of ${grid.visits}`,
    `${line.lost_visits}${named(line.lost)}`,
    `${line.gained_visits}${named(line.gained)}`,
  ];
  rows.replaceChildren(
    table(
      ["Strangers let in", "#Threshold", "#Recognised", "Grants lost", "Refused, would be recognised"],
      [...grid.lines.map((line) => told(line)), told(grid.present, `Now: ${oneIn(grid.present.risk)}`)],
    ),
  );
  if (!grid.visits) {
    about.textContent = `Nobody came in the last ${days} days.`;
    chart.replaceChildren();
    chart.redraw?.disconnect();
    return;
  }
  about.textContent = `Of ${grid.visits.toLocaleString("en")} visits, so many came near enough to somebody, at other thresholds; whoever was recognised and barred is among them. Visits whose looks agreed on nobody are not, at any threshold.`;
  const shares = [...grid.lines, grid.present].map((line) => line.recognised / grid.visits);
  const floor = Math.max(0, Math.floor(10 * Math.min(...shares) - 0.5) / 10);
  const ticks = [];
  for (let tick = floor; tick < 1.0001; tick += floor < 0.5 ? 0.2 : 0.1) ticks.push([tick, percent(tick)]);
  const within = (risk) => Math.min(1e-2, Math.max(1e-6, risk));
  lineChart(chart, {
    x: { title: "Strangers let in: fewer to the right", from: 1e-2, to: 1e-6, log: true, ticks: powers(-6, -2, (at) => (10 ** -at >= 1e6 ? "1 in 1M" : `1 in ${(10 ** -at).toLocaleString("en")}`)).filter(([,], at) => chart.clientWidth > 480 || at % 2 === 0) },
    y: { from: floor, to: 1, ticks },
    points: grid.lines.map((line) => [line.risk, line.recognised / grid.visits]),
    mark: [within(grid.present.risk), grid.present.recognised / grid.visits, `now: ${percent(grid.present.recognised / grid.visits)}`],
    about: `The share of ${grid.visits} visits that is recognised, by the share of strangers let in. Now ${percent(grid.present.recognised / grid.visits)} at ${oneIn(grid.present.risk)}.`,
  });
}

function named(people) {
  return people.length ? `: ${people.map(({ name, count }) => `${name} ${count}`).join(", ")}` : "";
}

async function drawErrors() {
  const [about, chart, rows] = ["errors-about", "errors-chart", "errors-table"].map((id) => document.getElementById(id));
  const curve = await ask("GET", "/tuning/errors");
  const text = `${curve.own.toLocaleString("en")} photos against the same person's others, ${curve.others.toLocaleString("en")} comparisons with somebody else`;
  const every = Math.max(1, Math.ceil(curve.points.length / 24));
  const chosen = curve.points.filter((_, at) => at % every === 0);
  rows.replaceChildren(
    table(
      ["#Distance", "#Taken for somebody else", "#Not recognised"],
      chosen.map((point) => [point.distance.toFixed(3), point.fmr ? point.fmr.toExponential(1) : "none", percent(point.fnmr)]),
    ),
  );
  const points = curve.points.filter(({ fmr, fnmr }) => fmr > 0 && fnmr > 0);
  if (points.length < 2) {
    about.textContent = curve.own
      ? `${text}: there is a distance at which none is taken for somebody else and none is missed.`
      : "Nobody has two photos, so that there is nothing to compare.";
    return;
  }
  about.textContent = `${text}. Single looks; a visit takes several together, and errs less.`;
  const least = (values) => Math.floor(Math.log10(Math.min(...values)));
  const [x, y] = [least(points.map(({ fmr }) => fmr)), least(points.map(({ fnmr }) => fnmr))];
  const told = (at) => `${at >= -2 ? 10 ** (at + 2) : (10 ** (at + 2)).toFixed(-at - 2)} %`;
  const now = points.findLast(({ distance }) => distance <= curve.threshold);
  lineChart(chart, {
    x: { title: "Taken for somebody else", from: 10 ** x, to: 1, log: true, ticks: powers(x, 0, told) },
    y: { from: 10 ** y, to: 1, log: true, ticks: powers(y, 0, told) },
    points: points.map(({ fmr, fnmr }) => [fmr, fnmr]),
    mark: now ? [now.fmr, now.fnmr, "the threshold now"] : null,
    about: `Detection error trade-off: ${text}.`,
  });
}

document.getElementById("days").addEventListener("change", () => drawGrid().catch((problem) => tell(problem.message)));
reset();
form.querySelector("fieldset").disabled = false;
if ("job" in document.getElementById("replay").dataset) poll();
Promise.all([drawGrid(), drawErrors()]).catch((problem) => tell(problem.message));
