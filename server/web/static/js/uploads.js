// Photos on their way to the server: chosen or dropped anywhere on the page, one after the other, each with its
// progress and what became of it.

import { ask, onClick } from "./api.js";

const chosen = document.getElementById("chosen");
const drop = document.getElementById("drop");
const list = document.getElementById("uploads");
const template = document.getElementById("upload");

const WORDS = {
  accepted: "accepted",
  held: "held",
  rejected: "rejected",
  added: "added, being judged",
  duplicate: "there already",
  refused: "not added",
};

// Say that two names are of one person, who is called `other`.
export function addToOther(name, other) {
  return ask("POST", `/people/${encodeURIComponent(name)}/rename`, { name: other, merge: true });
}

// Send a form; `progress` is told 0 to 1. Resolves to the status and the answer's JSON.
export function send(method, path, body, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, `/api/v1${path}`);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => resolve([request.status, request.response]));
    request.addEventListener("error", () => resolve([0, { detail: "The server cannot be reached." }]));
    request.send(body);
  });
}

function line(name) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.querySelector(".file").textContent = name;
  item.querySelector(".outcome").textContent = "waiting";
  item.querySelector("progress").setAttribute("aria-label", `Progress of ${name}`);
  list.append(item);
  return item;
}

function buttonOf(text, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = text;
  onClick(button, act);
  return button;
}

// What can be said of a photo that is held because its person looks like somebody.
function answersTo(item, { person, look_alike: other }, done) {
  const row = document.createElement("span");
  row.className = "row";
  const told = (sentence) => {
    row.replaceChildren(sentence);
    item.querySelector(".badge").remove();
    done([]);
  };
  row.append(
    buttonOf(`${other} is somebody else`, async () => {
      await ask("POST", `/people/${encodeURIComponent(person)}/confirm`, { other });
      told(`${person} and ${other} are two people.`);
    }),
    buttonOf(`It is ${other}: add as one more photo`, async () => {
      await addToOther(person, other);
      told(`It is a photo of ${other} now.`);
    }),
  );
  return row;
}

function tellOutcome(item, outcome, done = () => {}) {
  const place = item.querySelector(".outcome");
  const words = WORDS[outcome.status] ?? outcome.status;
  place.replaceChildren();
  const badge = document.createElement("span");
  badge.className = `badge ${outcome.status}`;
  badge.textContent = words;
  place.append(badge);
  if (outcome.person && outcome.status !== "refused") {
    const link = document.createElement("a");
    link.href = `/people/${encodeURIComponent(outcome.person)}`;
    link.textContent = outcome.person;
    place.append(" ", link);
  }
  if (outcome.sentence) place.append(` ${outcome.sentence}`);
  if (outcome.status === "held" && outcome.look_alike) place.append(answersTo(item, outcome, done));
  item.querySelector("progress").hidden = true;
}

async function upload(file, item, person, done) {
  const form = new FormData();
  if (person) form.append("person", person);
  form.append("files", file, file.name);
  const bar = item.querySelector("progress");
  item.querySelector(".outcome").textContent = "";
  const [status, answer] = await send("POST", "/people/photos", form, (share) => {
    if (share < 1) bar.value = share;
    else bar.removeAttribute("value"); // sent; the server looks at it
  });
  if (status !== 200) {
    tellOutcome(item, { status: "refused", sentence: answer?.detail ?? `The server answered ${status}.` });
    return [];
  }
  const [first, ...rest] = answer.files;
  if (first === undefined) tellOutcome(item, { status: "refused", sentence: "there is no photo in it" });
  else {
    if (rest.length) item.querySelector(".file").textContent = first.file;
    tellOutcome(item, first, done);
  }
  for (const outcome of rest) tellOutcome(line(outcome.file), outcome, done);
  return answer.files;
}

// Have photos taken in. `person`: whom all of them show, or null. `done` gets all outcomes in the end.
export function takeUploads(person, begin, done) {
  if (!chosen) return;
  let before = Promise.resolve();
  const add = (files) => {
    const items = [...files].map((file) => [file, line(file.name)]);
    if (!items.length) return;
    begin();
    before = before.then(async () => {
      const outcomes = [];
      for (const [file, item] of items) outcomes.push(...(await upload(file, item, person, done)));
      done(outcomes);
    });
  };
  document.getElementById("choose").addEventListener("click", () => chosen.click());
  const take = () => {
    add(chosen.files);
    chosen.value = "";
  };
  chosen.addEventListener("change", take);
  setTimeout(take); // what was chosen before this script had loaded
  const isFiles = (event) => event.dataTransfer?.types.includes("Files") && !document.querySelector("dialog[open]");
  document.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    drop.hidden = true;
    if (!isFiles(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
}
