// Decisions as they happen, above those that the page came with.
import { showTimes } from "./api.js";

const MOST = 200;
const body = document.getElementById("decisions");
const link = document.getElementById("link");
const form = document.getElementById("filters");

showTimes();

// Empty fields say nothing.
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  location.assign(`/log?${new URLSearchParams(fields)}`);
});

function cell(content, className = "") {
  const made = document.createElement("td");
  made.className = className;
  made.append(content);
  return made;
}

function row(decision) {
  const made = document.createElement("tr");
  made.dataset.id = decision.id;
  const time = document.createElement("time");
  time.dateTime = decision.time;
  const anchor = document.createElement("a");
  anchor.href = `/log/${encodeURIComponent(decision.id)}`;
  anchor.append(time);
  const verdict = document.createElement("span");
  verdict.className = `verdict ${decision.verdict}`;
  verdict.textContent = decision.verdict;
  const number = (value) => cell(value === null ? "" : value.toFixed(3), "number");
  made.append(
    cell(anchor), cell(verdict), cell(decision.name ?? "unknown"), cell(decision.terminal), cell(decision.words),
    number(decision.distance), number(decision.threshold),
  );
  showTimes(made);
  return made;
}

function add(event) {
  const decision = JSON.parse(event.data);
  const known = body.querySelector(`[data-id="${CSS.escape(decision.id)}"]`);
  if (known?.querySelector(".verdict").textContent === decision.verdict) return;
  body.prepend(row(decision));
  document.getElementById("none").hidden = true;
  while (body.rows.length > MOST) body.deleteRow(-1);
}

if (body.dataset.live === "yes") {
  const asked = new URLSearchParams(location.search);
  const source = new EventSource(`/api/v1/decisions/stream?${asked}`);
  source.addEventListener("decision", add);
  source.addEventListener("open", () => { link.textContent = "live"; });
  source.addEventListener("error", () => { link.textContent = "connection lost, trying again …"; });
}
