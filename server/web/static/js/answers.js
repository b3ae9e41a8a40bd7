// An answer of verify or identify as a card: the picture, a verdict for each face, and how near it was.

import { draw } from "./drawing.js";

const card = document.getElementById("answer");
const part = document.getElementById("face");
const words = JSON.parse(document.getElementById("found").dataset.words);

// `answer`: of POST /verify. Returns the card, and what it says in a sentence.
export function verified(answer, name, picture) {
  const faces = answer.faces.map((face) => ({
    ...face,
    label: face.matched ? answer.person : `not ${answer.person}`,
    verdict: face.matched ? answer.verdict : "Go away",
  }));
  const why = answer.barred
    ? `It is ${answer.person}: ${lower(words[answer.barred])}.`
    : answer.matched
      ? `A face is near enough to ${answer.person}.`
      : whyNot(answer, faces);
  const title = answer.matched ? answer.person : `not ${answer.person}`;
  const said = { verdict: answer.verdict, title, why, distance: answer.distance };
  const element = frame(name, answer, picture, faces, [said], answer.threshold);
  return [element, `${answer.verdict}: ${why}`];
}

// `answer`: the one picture of POST /identify; `threshold`: that of the answer.
export function identified(answer, threshold, name, picture) {
  const several = answer.faces.length > 1;
  const faces = answer.faces.map((face, at) => ({
    ...face,
    label: `${several ? `${at + 1} ` : ""}${face.name ?? "unknown"}`,
  }));
  const told = answer.faces.map((face, at) => ({
    verdict: face.verdict,
    title: `${several ? `${at + 1}: ` : ""}${face.name ?? "unknown"}`,
    why: whyOf(face),
    distance: face.ranked[0]?.distance ?? null,
    ranked: face.ranked,
  }));
  if (!told.length) told.push({ verdict: "Go away", title: "", why: "No face was found.", distance: null });
  const element = frame(name, answer, picture, faces, told, threshold);
  return [element, told.map((each) => `${each.verdict}: ${each.title}. ${each.why}`).join(" ")];
}

// What could not be asked or answered.
export function failed(sentence, name) {
  const element = made(card);
  element.querySelector("h2").textContent = name;
  const error = document.createElement("p");
  error.className = "error";
  error.textContent = sentence;
  element.querySelector(".sides").replaceWith(error);
  element.querySelector(".risk").remove();
  return element;
}

// Not a clone, which belongs to a document without fonts until it is shown.
function made(template) {
  return document.importNode(template.content.firstElementChild, true);
}

function whyNot(answer, faces) {
  if (!faces.length) return "No face was found.";
  if (answer.distance === null) return `${words[faces[0].flaw] ?? "The face cannot be compared"}: not compared.`;
  return `${faces.length > 1 ? "No face is" : "The face is not"} near enough to ${answer.person}.`;
}

function whyOf(face) {
  if (face.flaw) return `${words[face.flaw]}: not compared.`;
  if (face.reason === null) return "The face cannot be compared.";
  if (face.barred) return `Recognised, but: ${lower(words[face.barred])}.`;
  if (face.reason === "near_tie") {
    return `${face.ranked[0].name} and ${face.ranked[1].name} are almost as near: neither is named.`;
  }
  return `${words[face.reason]}.`;
}

function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function frame(name, answer, picture, faces, told, threshold) {
  const element = made(card);
  element.querySelector("h2").textContent = name;
  const canvas = element.querySelector("canvas");
  draw(canvas, picture, answer, faces);
  canvas.setAttribute("aria-label", `The picture, with ${faces.length === 1 ? "1 face" : `${faces.length} faces`}`);
  element.classList.toggle("several", told.length > 1);
  element.querySelector(".faces").append(...told.map((each) => panel(each, threshold.distance, told.length === 1)));
  element.querySelector(".risk").textContent = threshold.sentence;
  return element;
}

function panel({ verdict, title, why, distance, ranked = [] }, threshold, open) {
  const element = made(part);
  const banner = element.querySelector(".banner");
  banner.classList.add(verdict === "Welcome in" ? "granted" : "denied");
  banner.querySelector("strong").textContent = verdict;
  banner.querySelector("span").textContent = title;
  element.querySelector(".why").textContent = why;
  if (distance !== null) {
    const scale = element.querySelector(".scale");
    gauge(element.querySelector(".gauge"), distance, threshold);
    scale.textContent = `distance ${distance.toFixed(3)} · threshold ${threshold.toFixed(3)}`;
    scale.hidden = false;
  }
  const list = element.querySelector(".ranked");
  list.hidden = ranked.length === 0;
  list.open = open;
  list.querySelector("tbody").append(...ranked.map((each, at) => row(each, at, threshold)));
  return element;
}

// A bar as long as the distance, with a mark at the threshold; it ends at twice that.
function gauge(element, distance, threshold) {
  const share = (value) => `${Math.min(100, (50 * value) / threshold)}%`;
  element.classList.toggle("near", distance <= threshold);
  element.querySelector(".far").style.width = share(distance);
  element.querySelector(".mark").style.left = share(threshold);
  element.setAttribute("aria-label", `Distance ${distance.toFixed(3)}, threshold ${threshold.toFixed(3)}`);
  element.hidden = false;
}

function row({ name, distance }, at, threshold) {
  const element = document.createElement("tr");
  element.classList.toggle("near", distance <= threshold);
  for (const [text, kind] of [[`${at + 1}`, ""], [name, ""], [distance.toFixed(3), "number"]]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    cell.className = kind;
    element.append(cell);
  }
  return element;
}
