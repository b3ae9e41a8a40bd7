// One decision: what was seen, and saying that it was wrong.
import { ask, onClick, onSubmit, showTimes, tellNext } from "./api.js";
import { framed } from "./face.js";
import { photoAddress } from "./photo_address.js";

const { id } = document.getElementById("decision").dataset;
const path = `/decisions/${encodeURIComponent(id)}`;
const seen = document.getElementById("seen");
const unseen = document.getElementById("unseen");
const prospect = document.getElementById("prospect");
const { verdict } = document.getElementById("decision").dataset;
const TAKEN_FOR = verdict === "granted" ? "Whom it was taken for" : "Whom it was nearest to";

showTimes();
showLook();

function made(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

function figure(content, ...caption) {
  const element = document.createElement("figure");
  const words = document.createElement("figcaption");
  words.append(...caption);
  element.append(content, words);
  return element;
}

function photoFigure(photo, ...more) {
  const image = document.createElement("img");
  image.src = `/api/v1${photoAddress(photo.path, "/thumbnail")}`;
  image.alt = "";
  const distance = photo.distance === null ? "" : ` ${photo.distance.toFixed(3)}`;
  return figure(image, made("code", photo.path), made("span", distance), ...more);
}

async function showLook() {
  try {
    const look = await ask("GET", `${path}/look`);
    if (look.picture) {
      const picture = framed(`/api/v1${path}/picture.jpg`, look.picture, "The frame, with a box around the face");
      seen.append(figure(picture, "The frame in which the face was to be seen best"));
    } else if (look.person) {
      document.getElementById("look-title").textContent = TAKEN_FOR;
    }
    const nearest = look.photos.find((photo) => photo.enrolled);
    if (nearest) {
      const words = look.recorded ? `The photo of ${look.person} that it is nearest to:` : `A photo of ${look.person}:`;
      const shown = photoFigure(nearest);
      shown.lastChild.prepend(made("span", words), document.createElement("br"));
      seen.append(shown);
    }
    unseen.textContent = look.sentence;
    unseen.hidden = !look.sentence;
  } catch (problem) {
    unseen.textContent = problem.message;
  }
  seen.removeAttribute("aria-busy");
}

// Show what a correction would mean, and buttons: pairs of a label and what to correct, the first one foremost.
function offer(parts, corrections) {
  const row = made("p", "", "row");
  corrections.forEach(([label, given], at) => {
    const button = made("button", label, at ? "" : "primary");
    button.type = "button";
    onClick(button, () => correct(given));
    row.append(button);
  });
  const cancel = made("button", "Cancel");
  cancel.type = "button";
  onClick(cancel, () => { prospect.hidden = true; });
  row.append(cancel);
  prospect.replaceChildren(...parts, row);
  prospect.hidden = false;
}

async function correct(given) {
  await ask("POST", `${path}/correction`, given);
  tellNext("The correction is written down.");
  location.reload();
}

const NOTE = "Only note that it was wrong";

function changesOf(changes) {
  if (!changes) return [made("p", "Nothing is recorded, so it cannot be told which visits that would change.", "quiet")];
  const far = changes.complete ? "" : ", as far as they were decided again in 20 seconds";
  const since = changes.since ? ` since ${changes.since}` : "";
  const parts = [made("p", `Of ${changes.visits} recorded visits${since}${far} ${changes.changed} would come out otherwise.`)];
  if (changes.listed.length) {
    const list = document.createElement("ul");
    for (const visit of changes.listed) {
      const row = document.createElement("li");
      const link = document.createElement("a");
      const time = document.createElement("time");
      time.dateTime = new Date(visit.moment).toISOString();
      link.append(time);
      if (visit.decision) link.href = `/log/${encodeURIComponent(visit.decision)}`;
      row.append(link, ` at ${visit.terminal}: ${visit.with_photo}, without the photo ${visit.without_photo}`);
      list.append(row);
    }
    showTimes(list);
    parts.push(list);
  }
  return parts;
}

async function lookAtHer(photo) {
  const given = photo ? { kind: "not_her", photo } : { kind: "not_her" };
  prospect.replaceChildren(made("p", "Deciding what was recorded again, for 20 seconds at most …", "quiet"));
  prospect.hidden = false;
  const look = await ask("POST", `${path}/correction/look`, given);
  const known = look.photos.some((each) => each.distance !== null);
  const photos = made("div", "", "photos");
  for (const each of look.photos.filter((each) => each.enrolled)) {
    const choose = made("button", each.path === look.photo ? "Chosen" : "Choose", "small");
    choose.type = "button";
    choose.disabled = each.path === look.photo;
    onClick(choose, () => lookAtHer(each.path));
    photos.append(photoFigure(each, choose));
  }
  const parts = [
    made("h3", `This was not ${look.person}`),
    made("p", known
      ? "The photo that the face is nearest to is the likeliest to blame. Held, it enrols nobody until it is released."
      : "How the face looked is not recorded. Choose the photo that is to blame, if one is; held, it enrols nobody."),
    photos,
  ];
  if (look.photo) parts.push(...changesOf(look.changes));
  if (look.photo && look.last) parts.push(made("p", `No other photo enrols ${look.person}: nobody is recognised as ${look.person} then.`, "warning"));
  const holding = look.photo ? [["Hold the photo", { kind: "not_her", photo: look.photo }]] : [];
  offer(parts, [...holding, [NOTE, { kind: "not_her" }]]);
}

const percent = (share) => `${Math.round(100 * share)} of 100`;

async function lookAtHim(person) {
  prospect.replaceChildren(made("p", "Looking at the picture …", "quiet"));
  prospect.hidden = false;
  const look = await ask("POST", `${path}/correction/look`, { kind: "was_him", person });
  const parts = [made("h3", `This was ${look.person}`)];
  if (!look.good) parts.push(made("p", `The picture cannot be added as a photo of ${look.person}. ${look.sentence}`, "warning"));
  if (look.good) {
    const now = look.refused === null ? "" : `, now ${percent(look.refused)}`;
    parts.push(made("p", `With this picture as photo ${look.photos + 1}, ${percent(look.refused_then)} visits of ${person} are refused at first${now}.`));
    parts.push(made("p", `Strangers let in: about 1 in ${Math.round(1 / look.risk).toLocaleString()}, as before.`));
  }
  if (look.good && look.other_then) {
    const before = look.other ? ` (now ${look.other.distance.toFixed(3)} from ${look.other.name})` : "";
    parts.push(made("p", `Nearest to ${person} is then ${look.other_then.name} at ${look.other_then.distance.toFixed(3)}${before}; the threshold is ${look.threshold.toFixed(3)}.`));
  }
  if (!look.picture) {
    const link = made("a", `Add a photo on the page of ${person}`);
    link.href = `/people/${encodeURIComponent(person)}`;
    const row = document.createElement("p");
    row.append(link);
    parts.push(row);
  }
  const adding = look.good ? [["Add it as a photo", { kind: "was_him", person }]] : [];
  offer(parts, [...adding, [NOTE, { kind: "was_him", person, add: false }]]);
}

function failed(error) {
  prospect.hidden = true;
  throw error;
}

onSubmit(document.getElementById("not-her"), () => lookAtHer().catch(failed));
onSubmit(document.getElementById("was-him"), (fields) => lookAtHim(fields.get("person")).catch(failed));
