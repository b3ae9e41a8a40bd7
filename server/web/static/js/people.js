// Everybody: found as one types, page by page; photos added; faces that were proposed at a door.
import { ask, onClick, onSubmit, showTimes, tell } from "./api.js";
import { offerCamera } from "./photo_camera.js";
import { photoAddress } from "./photo_address.js";
import { takeUploads } from "./uploads.js";

const TYPING_MS = 200;
const grid = document.getElementById("people");
const more = document.getElementById("more");
const query = document.getElementById("query");
const card = document.getElementById("card");
const badges = document.getElementById("badges");
let next = null;
let asked = 0;

function badge(word) {
  return badges.content.querySelector(`.${word}`).cloneNode(true);
}

function cardOf(person) {
  const made = card.content.firstElementChild.cloneNode(true);
  made.href = `/people/${encodeURIComponent(person.name)}`;
  made.querySelector(".name").textContent = person.name;
  const count = person.photos.length;
  made.querySelector(".quiet").textContent = `${count} photo${count === 1 ? "" : "s"}`;
  made.querySelector(".badges").append(...person.badges.map(badge));
  const shown = person.photos.find((photo) => photo.status === "ACCEPTED") ?? person.photos[0];
  const image = made.querySelector("img");
  const initial = document.createElement("span");
  initial.className = "initial";
  initial.setAttribute("aria-hidden", "true");
  initial.textContent = [...person.name][0];
  if (shown) {
    image.addEventListener("error", () => image.replaceWith(initial));
    image.src = `/api/v1${photoAddress(shown.path, "/thumbnail?side=160")}`;
  } else {
    image.replaceWith(initial);
  }
  return made;
}

async function show(from) {
  const turn = (asked += 1);
  grid.setAttribute("aria-busy", "true");
  const parameters = new URLSearchParams({ query: query.value });
  if (from !== null) parameters.set("after", from);
  let page;
  try {
    page = await ask("GET", `/people?${parameters}`);
  } catch (problem) {
    tell(problem.message);
    return;
  }
  if (turn !== asked) return; // something else was typed meanwhile
  const cards = page.people.map(cardOf);
  if (from === null) grid.replaceChildren(...cards);
  else grid.append(...cards);
  if (from !== null) cards[0]?.focus();
  next = page.next;
  more.hidden = next === null;
  const none = page.found === 0;
  document.getElementById("none").hidden = !none || query.value === "";
  document.getElementById("empty").hidden = !none || query.value !== "";
  document.getElementById("found").textContent = none ? "" : `${page.found} ${page.found === 1 ? "person" : "people"}`;
  grid.setAttribute("aria-busy", "false");
}

async function showUnnamed() {
  const section = document.getElementById("unnamed");
  const files = await ask("GET", "/people/unnamed");
  section.hidden = files.length === 0;
  section.querySelector("ul").replaceChildren(
    ...files.map((file) => {
      const item = document.createElement("li");
      const name = document.createElement("code");
      name.textContent = file.path;
      item.append(name, ` ${file.sentence}`);
      return item;
    }),
  );
}

function proposalOf(proposal) {
  const made = document.getElementById("proposal").content.firstElementChild.cloneNode(true);
  const path = `/proposals/${proposal.id}`;
  made.querySelector("time").dateTime = new Date(proposal.moment).toISOString();
  made.querySelector("p span").textContent = proposal.terminal;
  showTimes(made);
  const picture = new Image();
  picture.addEventListener("load", () => draw(made.querySelector("canvas"), picture, proposal.box));
  picture.src = `/api/v1${path}/picture.jpg`;
  onSubmit(made, async (fields) => {
    const outcome = await ask("POST", `${path}/enrol`, { name: fields.get("name") });
    tell(`${outcome.person}: the photo is ${outcome.status}. ${outcome.sentence}`);
    await Promise.all([showProposals(), show(null)]);
  });
  onClick(made.querySelector("[data-do=dismiss]"), async () => {
    await ask("DELETE", path);
    await showProposals();
  }, "Dismiss this face? Nobody is enrolled by it.");
  return made;
}

// The face, and half its width around it.
function draw(canvas, picture, [top, right, bottom, left]) {
  const side = Math.min(2 * Math.max(right - left, bottom - top), picture.width, picture.height);
  const x = Math.min(Math.max(0, (left + right - side) / 2), picture.width - side);
  const y = Math.min(Math.max(0, (top + bottom - side) / 2), picture.height - side);
  canvas.getContext("2d").drawImage(picture, x, y, side, side, 0, 0, canvas.width, canvas.height);
}

async function showProposals() {
  const section = document.getElementById("proposed");
  if (!section) return;
  const waiting = await ask("GET", "/proposals");
  section.hidden = waiting.length === 0;
  document.getElementById("proposals").replaceChildren(...waiting.map(proposalOf));
}

let typing;
query.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => show(null), TYPING_MS);
});
onClick(more, () => show(next));

const adding = document.getElementById("adding");
takeUploads(null, () => { adding.hidden = false; }, () => show(null));
onClick(document.getElementById("put-away"), async () => {
  document.getElementById("uploads").replaceChildren();
  adding.hidden = true;
});
offerCamera(document.getElementById("take"), null, (outcome) => {
  tell(`${outcome.person}: the photo is ${outcome.status}. ${outcome.sentence}`);
  show(null);
});

await show(null);
await Promise.all([showUnnamed(), showProposals()]).catch((problem) => tell(problem.message));
