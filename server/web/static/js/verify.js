// Asks who is on pictures, one after the other.

import { explained, openCamera } from "../terminal/camera.js";
import { failed, identified, verified } from "./answers.js";
import { ask, onClick } from "./api.js";
import { read, readAddress } from "./drawing.js";

const byId = (id) => document.getElementById(id);
const form = byId("ask");
const error = form.querySelector(".error");
const progress = byId("progress");
const video = byId("camera").querySelector("video");
const MOST_CARDS = 60;
const TRIES = 20;
const PAUSES = { busy: 2000, too_many: 1000 };
let stopped = false;
let working = Promise.resolve();

function complain(sentence) {
  error.textContent = sentence;
  error.hidden = !sentence;
}

// What is asked now, {question, person}; null, and a complaint, where somebody must be chosen first.
function question() {
  const asked = form.elements.question.value;
  const person = form.elements.person.value.trim();
  complain("");
  if (asked === "identify") return { asked };
  if (person) return { asked, person };
  complain("Choose the person that it shall be.");
  form.elements.person.focus();
  return null;
}

// Ask of each source, {name, file} or {name, photo} or {name, terminal}; after those that are under way.
function askOf(sources) {
  const asked = question();
  if (!asked || !sources.length) return;
  working = working.then(() => work(asked, sources)).catch((problem) => complain(problem.message));
}

async function work(asked, sources) {
  stopped = false;
  const before = byId("found").firstElementChild;
  const [bar, text] = progress.children;
  for (const [at, source] of sources.entries()) {
    if (stopped) break;
    bar.value = at / sources.length;
    text.textContent = `${at + 1} of ${sources.length}: ${source.name}`;
    progress.hidden = false;
    const [card, said] = await answerOf(asked, source);
    byId("found").insertBefore(card, before);
    byId("none").hidden = true;
    byId("said").textContent = said;
    if (at === 0) card.scrollIntoView({ block: "nearest" });
  }
  progress.hidden = true;
  while (byId("found").children.length > MOST_CARDS) byId("found").lastElementChild.remove();
}

async function answerOf(asked, source) {
  try {
    const own = source.file ? await read(source.file) : null;
    const answer = await patient(() => ask("POST", `/${asked.asked}`, fieldsOf(asked, source, own === null)));
    const found = asked.asked === "verify" ? answer : answer.pictures[0];
    if (found.problem) throw new Error(found.problem);
    const picture = own ?? (found.preview ? await readAddress(found.preview) : null);
    return asked.asked === "verify"
      ? verified(answer, source.name, picture)
      : identified(found, answer.threshold, source.name, picture);
  } catch (problem) {
    return [failed(problem.message, source.name), problem.message];
  }
}

function fieldsOf({ person }, { file, photo, terminal }, preview) {
  const fields = new FormData();
  fields.append("landmarks", "true");
  fields.append("preview", String(preview));
  if (person) fields.append("person", person);
  if (file) fields.append("picture", file);
  if (photo) fields.append("photo", photo);
  if (terminal) fields.append("terminal", terminal);
  return fields;
}

// Come again while the server has other things to do.
async function patient(attempt) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (problem) {
      const pause = PAUSES[problem.code];
      if (!pause || tries === TRIES || stopped) throw problem;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

function askOfFiles(files) {
  askOf([...files].map((file) => ({ name: file.name, file })));
}

for (const radio of form.elements.question) {
  radio.addEventListener("change", () => {
    byId("person").hidden = form.elements.question.value !== "verify";
  });
}
byId("person").hidden = form.elements.question.value !== "verify";
form.addEventListener("submit", (event) => event.preventDefault());

function askOfChosen() {
  const chosen = form.elements.files;
  if (!chosen.files.length) return;
  askOfFiles(chosen.files);
  chosen.value = "";
}
form.elements.files.addEventListener("change", askOfChosen);
const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  askOfFiles(event.dataTransfer.files);
});

onClick(byId("use-terminal"), () => {
  const terminal = form.elements.terminal.value;
  askOf([{ name: `Terminal ${terminal}`, terminal }]);
});
onClick(byId("use-photo"), () => {
  const photo = form.elements.photo.value.trim();
  if (photo) askOf([{ name: photo, photo }]);
});
onClick(progress.querySelector("button"), () => {
  stopped = true;
});

function closeCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  byId("camera").hidden = true;
  byId("use-camera").hidden = false;
}
onClick(byId("use-camera"), async () => {
  complain("");
  if (!navigator.mediaDevices) {
    complain("Browsers give a camera to pages over https, and on this machine itself, only.");
    return;
  }
  try {
    video.srcObject = await openCamera(null);
    byId("take").disabled = true;
    byId("camera").hidden = false;
    byId("use-camera").hidden = true;
    await video.play();
    byId("take").disabled = false;
    byId("take").focus();
  } catch (reason) {
    closeCamera();
    const { title, text } = explained(reason);
    complain(`${title}. ${text}`);
  }
});
onClick(byId("close-camera"), closeCamera);
onClick(byId("take"), async () => {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  const time = new Date().toLocaleTimeString();
  askOf([{ name: `Camera, ${time}`, file: new File([file], "camera.jpg") }]);
});
addEventListener("pagehide", closeCamera);
askOfChosen(); // before this script had loaded
