// All doors: pictures come over one socket, the next when the last are shown.

const doors = new Map();
const place = document.getElementById("doors");
const template = document.getElementById("door");
const link = document.getElementById("link");
const colours = { granted: "#3ddc84", denied: "#ff6b6b", checking: "#ffc857", none: "#ffffff" };
const CAMERA = {
  dark: "the picture is too dark", covered: "the camera is covered", frozen: "the picture is frozen",
  moved: "the camera has been moved", no_picture: "the camera gives no picture",
};
let socket = null;
let pause = 1000;
let large = null;

function doorOf(name) {
  let door = doors.get(name);
  if (door) return door;
  const element = template.content.firstElementChild.cloneNode(true);
  door = { element, canvas: element.querySelector("canvas"), shown: 0 };
  element.querySelector("h2").textContent = name;
  door.canvas.setAttribute("aria-label", `Picture of ${name}`);
  const button = element.querySelector("button");
  button.setAttribute("aria-label", `Show ${name} large`);
  button.addEventListener("click", () => enlarge(large === name ? null : name));
  doors.set(name, door);
  const after = [...doors.keys()].sort().find((other) => other > name && doors.get(other).element.isConnected);
  place.insertBefore(element, after ? doors.get(after).element : null);
  return door;
}

function enlarge(name) {
  large = name;
  for (const [each, door] of doors) {
    door.element.classList.toggle("large", each === large);
    door.element.hidden = large !== null && each !== large;
    const button = door.element.querySelector("button");
    button.setAttribute("aria-pressed", String(each === large));
    button.textContent = each === large ? "All doors" : "Large";
  }
  socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(large === null ? null : [large]));
}

async function show(message) {
  const view = new DataView(message);
  const length = view.getUint32(0);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length)));
  const door = doorOf(told.terminal);
  try {
    const picture = await createImageBitmap(new Blob([new Uint8Array(message, 4 + length)], { type: "image/jpeg" }));
    draw(door, picture, told);
    picture.close();
  } catch {
    // A picture that this browser cannot read: the next one comes.
  }
  if (told.last) socket.send("shown");
}

function draw(door, picture, told) {
  const { canvas, element } = door;
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const unit = Math.max(2, Math.round(picture.width / 240));
  pen.lineWidth = unit;
  pen.font = `600 ${unit * 7}px system-ui, sans-serif`;
  for (const face of told.faces) {
    const [top, right, bottom, left] = face.box;
    pen.strokeStyle = colours[face.verdict];
    pen.strokeRect(left, top, right - left, bottom - top);
    if (face.name === null) continue;
    const width = pen.measureText(face.name).width + unit * 4;
    pen.fillStyle = "rgb(0 0 0 / 70%)";
    pen.fillRect(left, bottom, width, unit * 10);
    pen.fillStyle = "#fff";
    pen.fillText(face.name, left + unit * 2, bottom + unit * 7.5);
  }
  const badge = element.querySelector(".verdict");
  badge.hidden = told.verdict === "none";
  badge.className = `verdict ${told.verdict}`;
  badge.textContent = told.verdict;
  const prompt = element.querySelector(".prompt");
  prompt.hidden = told.prompt === null;
  prompt.textContent = told.prompt ?? "";
  element.classList.remove("gone");
}

function time(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function fare(health) {
  const { element } = doorOf(health.terminal);
  const parts = [];
  if (!health.connected) {
    parts.push(`left at ${time(health.left)}`);
  } else {
    parts.push(`${health.answered} frames/s`);
    if (health.skipped >= 0.5) parts.push(`${health.skipped} skipped`);
    if (health.work_ms) parts.push(`answer within ${Math.round(health.work_ms[1] + (health.queue_ms?.[1] ?? 0))} ms`);
    if (Math.abs(health.clock_skew ?? 0) > 2) parts.push(`clock ${health.clock_skew > 0 ? "ahead" : "behind"} by ${Math.abs(health.clock_skew)} s`);
    if (CAMERA[health.camera]) parts.push(`${CAMERA[health.camera]} since ${time(health.camera_since)}`);
  }
  const state = element.querySelector(".state");
  state.textContent = parts.join(" · ");
  state.classList.toggle("warning", health.connected && Boolean(CAMERA[health.camera] || Math.abs(health.clock_skew ?? 0) > 2));
  element.classList.toggle("gone", !health.connected);
  const last = element.querySelector(".last");
  const decision = health.decision;
  if (decision === null) {
    last.textContent = "no decision yet";
  } else if (last.dataset.decision !== decision.id + decision.verdict) {
    last.dataset.decision = decision.id + decision.verdict;
    const anchor = document.createElement("a");
    anchor.href = `/log/${encodeURIComponent(decision.id)}`;
    anchor.textContent = `${time(decision.moment)} ${decision.verdict}: ${decision.name ?? "unknown"}`;
    last.replaceChildren(anchor, decision.verdict === "denied" ? `, ${decision.words.toLowerCase()}` : "");
  }
}

function told(text) {
  const { health } = JSON.parse(text);
  const names = new Set(health.map((each) => each.terminal));
  for (const [name, door] of doors) {
    if (!names.has(name)) {
      door.element.remove();
      doors.delete(name);
      if (large === name) enlarge(null);
    }
  }
  health.sort((one, other) => Number(one.connected) - Number(other.connected)).forEach(fare);
  document.getElementById("none").hidden = names.size > 0;
  if (large !== null) enlarge(large);
}

function connect() {
  const address = new URL("/live/socket", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  let order = Promise.resolve();
  socket.addEventListener("open", () => {
    link.textContent = "live";
    pause = 1000;
    if (large !== null) socket.send(JSON.stringify([large]));
  });
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") told(data);
    else order = order.then(() => show(data));
  });
  socket.addEventListener("close", ({ code }) => {
    if (code === 4401) {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    link.textContent = "connection lost, trying again …";
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 15000);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && large !== null) enlarge(null);
});
connect();
