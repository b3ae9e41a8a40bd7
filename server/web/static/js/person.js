// One person: photos, limits, name, end.
import { ask, onClick, onSubmit, showTimes, tellNext } from "./api.js";
import { offerCamera } from "./photo_camera.js";
import { photoAddress } from "./photo_address.js";
import { Schedule } from "./schedule.js";
import { addToOther, takeUploads } from "./uploads.js";

const { name, etag, enrolled, alike } = document.getElementById("person").dataset;
const path = `/people/${encodeURIComponent(name)}`;

showTimes();

for (const figure of document.querySelectorAll("figure[data-path]")) {
  const at = (rest = "") => photoAddress(figure.dataset.path, rest);
  const act = (method, address, done) => async () => {
    await ask(method, address, undefined, { "If-Match": figure.dataset.etag });
    tellNext(`${figure.dataset.path} is ${done}.`);
    location.reload();
  };
  const last = enrolled === "1" && figure.querySelector(".badge.accepted");
  const staying = last && alike ? ` ${name} is enrolled no more then; what looks like ${name} stays held: ${alike}.` : "";
  onClick(figure.querySelector("[data-do=hold]"), act("POST", at("/hold"), "held"), staying && `Hold ${figure.dataset.path}?${staying}`);
  onClick(figure.querySelector("[data-do=release]"), act("POST", at("/release"), "released"));
  onClick(figure.querySelector("[data-do=remove]"), act("DELETE", at(), "removed"), `Remove ${figure.dataset.path}?${staying}`);
}

for (const button of document.querySelectorAll("[data-confirm], [data-unconfirm]")) {
  const other = button.dataset.confirm ?? button.dataset.unconfirm;
  const word = button.dataset.confirm ? "confirm" : "unconfirm";
  const question = word === "confirm" ? `${name} and ${other} are two people?` : undefined;
  onClick(button, async () => {
    await ask("POST", `${path}/${word}`, { other });
    location.reload();
  }, question);
}

for (const button of document.querySelectorAll("[data-merge]")) {
  const other = button.dataset.merge;
  onClick(button, async () => {
    await addToOther(name, other);
    tellNext(`What were photos of ${name} are photos of ${other} now.`);
    location.assign(`/people/${encodeURIComponent(other)}`);
  }, `${name} is ${other}? All photos of ${name} become photos of ${other}.`);
}

const limits = document.getElementById("limits");
if (limits) {
  const schedule = new Schedule(document.getElementById("schedule"));
  const { everywhere } = limits.elements;
  const doors = [...limits.querySelectorAll("[name=terminals]")];
  const dim = () => doors.forEach((door) => { door.disabled = everywhere.checked; });
  everywhere.addEventListener("change", dim);
  dim();
  onSubmit(limits, async (fields) => {
    const terminals = everywhere.checked ? null : doors.filter((door) => door.checked).map((door) => door.value);
    if (terminals?.length === 0) throw new Error("Choose a terminal, or disable the person.");
    const given = {
      disabled: fields.has("disabled"),
      valid_from: fields.get("valid_from") || null,
      valid_until: fields.get("valid_until") || null,
      schedule: schedule.value(),
      terminals,
    };
    await ask("PATCH", path, given, { "If-Match": etag });
    tellNext("The limits are saved, and hold at the doors.");
    location.reload();
  });
}

onSubmit(document.getElementById("rename"), async (fields) => {
  const renamed = await ask("POST", `${path}/rename`, { name: fields.get("name") });
  location.assign(`/people/${encodeURIComponent(renamed.name)}`);
});

onSubmit(document.getElementById("erase"), async (fields) => {
  if (fields.get("typed") !== name) throw new Error("That is not the name.");
  const erased = await ask("DELETE", `${path}?history=${fields.has("history")}`, undefined, { "If-Match": etag });
  const staying = erased.held.map((photo) => ` ${photo} looks like this person and stays held.`);
  const left = erased.left.length ? ` STILL NAMED: ${erased.left.join("; ")}.` : "";
  tellNext(`${name} is erased.${staying.join("")}${left}`);
  location.assign("/people");
});

const wasAdded = (outcome) => !["refused", "duplicate"].includes(outcome.status);
takeUploads(name, () => {}, (outcomes) => {
  if (outcomes.length && outcomes.every(wasAdded)) showAdded(outcomes);
});
offerCamera(document.getElementById("take"), name, (outcome) => showAdded([outcome]));

function showAdded(outcomes) {
  const list = outcomes.map((outcome) => `${outcome.path}: ${outcome.status}.`).join(" ");
  tellNext(`Added: ${list}`);
  location.reload();
}
