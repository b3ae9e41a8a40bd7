// The terminal as a whole: who hands what to whom. Pictures flow from the camera over the link to the server,
// answers from the link to the screen.

import { cameras, explained, openCamera } from "./camera.js";
import { now } from "./exchange.js";
import { Link } from "./link.js";
import { Pictures } from "./picture.js";
import { screenAt } from "./screen.js";
import { fromLink, store, stored, wrong } from "./setup.js";
import { View } from "./view.js";

const REDRAW_SECONDS = 0.04; // what is drawn is seen until it is drawn anew: a grant must be gone by then
const CAMERA_RETRY_MS = 3000;
const REFUSALS = {
  unauthorized:
    "The server does not accept this name and token. Ask whoever runs the server for this terminal's token, and mind capital letters.",
  version_mismatch: "This page and the server speak different versions of the protocol. Reload the page.",
};

const byId = (id) => document.getElementById(id);
const words = JSON.parse(byId("words").textContent);
const kiosk = new URLSearchParams(location.search).has("kiosk");
const form = byId("setup-form");
const video = byId("picture");
const pictures = new Pictures(video);
const view = new View(byId("live"), words);

let settings = stored();
let running = false; // somebody has pressed start, or it is a kiosk
let link = null;
let camera = null; // the stream
let cameraLost = false; // it could not be had, or has gone; not while it is asked for at first
let cameraTimer = null;
let attempt = 0; // to open a camera: a later one makes those before it void
let wakeLock = null;

/** Show the form, with what is to be told; nothing runs meanwhile. */
function askForSetup(message = "", reload = false) {
  running = false;
  suspend();
  form.elements.terminal.value = settings.terminal;
  form.elements.token.value = settings.token;
  byId("setup-message").textContent = message;
  byId("reload").hidden = !reload;
  document.documentElement.dataset.view = "setup";
  (settings.terminal ? byId("start") : form.elements.terminal).focus();
}

function start() {
  running = true;
  byId("terminal-name").textContent = settings.terminal;
  document.documentElement.dataset.view = "live";
  resume();
}

/** Camera and connection, while the page is seen. */
function resume() {
  if (!running || link || document.hidden) return;
  const url = new URL("/terminal/socket", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  link = new Link({ url, ...settings, words }, ({ code }) => askForSetup(REFUSALS[code], code === "version_mismatch"));
  findCamera();
  keepAwake();
}

function suspend() {
  link?.stop();
  link = null;
  releaseCamera();
  wakeLock?.release().catch(() => {});
  wakeLock = null;
}

async function findCamera() {
  releaseCamera();
  const mine = attempt;
  try {
    const stream = await openCamera(settings.camera);
    if (attempt !== mine) {
      stopped(stream);
      return;
    }
    camera = stream;
    const [track] = stream.getVideoTracks();
    track.onended = () => {
      cameraLost = true;
      findCamera();
    };
    video.srcObject = stream;
    await video.play();
    explainCamera(null);
    listCameras(track.getSettings().deviceId);
  } catch (error) {
    if (attempt !== mine) return;
    explainCamera(explained(error));
    if (error.name !== "NotAllowedError") cameraTimer = setTimeout(findCamera, CAMERA_RETRY_MS);
  }
}

function findMissingCamera() {
  if (link && !camera) findCamera();
}

function releaseCamera() {
  attempt += 1;
  clearTimeout(cameraTimer);
  if (camera) stopped(camera);
  camera = null;
  video.srcObject = null;
}

function stopped(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

function explainCamera(problem) {
  cameraLost = problem !== null;
  byId("problem").hidden = problem === null;
  byId("problem-title").textContent = problem?.title ?? "";
  byId("problem-text").textContent = problem?.text ?? "";
}

async function listCameras(current) {
  const found = await cameras();
  byId("camera").replaceChildren(...found.map(({ id, label }) => new Option(label, id, false, id === current)));
  byId("camera-choice").hidden = found.length < 2;
}

async function keepAwake() {
  try {
    wakeLock = await navigator.wakeLock?.request("screen");
  } catch {
    // the battery is low, or the page is not seen: the system decides
  }
}

/** Called for each picture of the camera. */
function offerPicture() {
  if (link?.wanted && camera && pictures.ready) {
    link.offer(pictures.thumbnail(), (limits) => pictures.encode(limits)).catch(console.error);
  }
  nextPicture();
}

const nextPicture = () =>
  video.requestVideoFrameCallback ? video.requestVideoFrameCallback(offerPicture) : requestAnimationFrame(offerPicture);

let painted = 0;
function paint() {
  const time = now();
  if (link && time - painted >= REDRAW_SECONDS) {
    painted = time;
    const lost = cameraLost || camera?.getVideoTracks()[0].muted;
    view.paint(screenAt(time + REDRAW_SECONDS, link.status, lost, words), byId("announcement"));
    byId("reason").textContent = link.status.reason;
  }
  requestAnimationFrame(paint);
}

function connectControls() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = { terminal: form.elements.terminal.value.trim(), token: form.elements.token.value.trim() };
    const message = wrong(typed);
    byId("setup-message").textContent = message;
    if (message) return;
    settings = { ...settings, ...typed };
    store(settings);
    start();
  });
  byId("camera").addEventListener("change", ({ target }) => {
    settings = { ...settings, camera: target.value };
    store(settings);
    findCamera();
  });
  byId("settings").addEventListener("click", () => askForSetup());
  byId("reload").addEventListener("click", () => location.reload());
  byId("try-again").addEventListener("click", findCamera);
  byId("full-screen").hidden = !document.fullscreenEnabled;
  byId("full-screen").addEventListener("click", () =>
    (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()).catch(() => {}),
  );
  byId("show-token").addEventListener("change", ({ target }) => {
    form.elements.token.type = target.checked ? "text" : "password";
  });
  video.addEventListener("resize", () => view.shape(video.videoWidth, video.videoHeight));
  document.addEventListener("visibilitychange", () => (document.hidden ? suspend() : resume()));
  navigator.mediaDevices.addEventListener("devicechange", findMissingCamera);
  navigator.permissions
    ?.query({ name: "camera" })
    .then((permission) => permission.addEventListener("change", findMissingCamera))
    .catch(() => {}); // not every browser tells
  addEventListener("hashchange", takeLink);
}

/** What a link says is kept at once on a kiosk; elsewhere whoever opened it has a look first. */
function takeLink() {
  const said = fromLink();
  if (!said) return;
  settings = { ...settings, ...said };
  if (kiosk && !wrong(settings)) {
    store(settings);
    suspend();
    start();
  } else askForSetup();
}

function main() {
  document.documentElement.dataset.kiosk = kiosk;
  if (!navigator.mediaDevices) {
    fromLink();
    document.documentElement.dataset.view = "insecure";
    return;
  }
  connectControls();
  nextPicture();
  paint();
  askForSetup();
  takeLink();
  if (kiosk && !running && !wrong(settings)) start();
}

main();
