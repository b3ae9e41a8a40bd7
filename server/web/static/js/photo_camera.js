// Takes a photo with this device's camera, or with a door's: hints until it is good, then a name, then saved.
import { ask, onSubmit } from "./api.js";

const LOOK_MS = 700;
const dialog = document.getElementById("camera");

// `person`: whom it shows, or null to ask. `done` gets the outcome when a photo is saved.
export function offerCamera(button, person, done) {
  if (!dialog || !button) return;
  const camera = new Camera(person, done);
  button.addEventListener("click", () => camera.open());
}

class Camera {
  constructor(person, done) {
    this.person = person;
    this.done = done;
    this.canvas = dialog.querySelector("canvas");
    this.hint = dialog.querySelector(".hint");
    this.form = dialog.querySelector("form");
    this.source = dialog.querySelector("[name=source]");
    this.video = document.createElement("video");
    this.video.playsInline = true;
    this.video.muted = true;
    this.run = 0;
    const doors = dialog.dataset.doors.split("\n").filter(Boolean);
    const own = navigator.mediaDevices?.getUserMedia ? [new Option("this device", "")] : [];
    this.source.append(...own, ...doors.map((name) => new Option(`the terminal ${name}`, name)));
    this.source.addEventListener("change", () => this.start());
    if (person) this.form.elements.name.value = person;
    this.form.elements.name.closest("label").hidden = Boolean(person);
    this.save = this.form.querySelector("button.primary");
    this.again = this.form.querySelector("[data-do=again]");
    this.again.addEventListener("click", () => this.start());
    this.form.querySelector("[data-do=close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.stop());
    onSubmit(this.form, () => this.keep());
  }

  open() {
    dialog.showModal();
    this.start();
  }

  stop() {
    this.run += 1;
    this.video.srcObject?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
  }

  async start() {
    this.stop();
    const run = this.run;
    this.photo = null;
    this.save.disabled = true;
    this.again.hidden = true;
    this.tell("Look into the camera.");
    if (!this.source.options.length) {
      this.tell("This browser gives no camera to pages without https, and no terminal is connected.");
      return;
    }
    try {
      if (this.source.value === "") await this.startOwn();
      while (run === this.run) {
        if (await this.look(run)) return;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } catch (error) {
      if (run === this.run) this.tell(error.message);
    }
  }

  async startOwn() {
    const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
    try {
      this.video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted });
    } catch {
      throw new Error("The camera cannot be used: allow it in the browser, or choose a terminal.");
    }
    await this.video.play();
  }

  // True: this picture is good, and stays.
  async look(run) {
    const blob = await this.grab();
    const body = new FormData();
    body.append("picture", blob, "photo.jpg");
    let judged;
    try {
      judged = await ask("POST", "/people/check", body);
    } catch (problem) {
      if (problem.status === 429 || problem.status === 503) return false;
      throw problem;
    }
    if (run !== this.run) return true;
    this.frame(judged);
    if (!judged.good) {
      this.tell(judged.hint);
      return false;
    }
    this.stop();
    this.photo = blob;
    this.tell("This one is good.");
    this.save.disabled = false;
    this.again.hidden = false;
    (this.person ? this.save : this.form.elements.name).focus();
    return true;
  }

  async grab() {
    if (this.source.value !== "") {
      const response = await fetch(`/terminals/${encodeURIComponent(this.source.value)}/snapshot.jpg`);
      if (!response.ok) throw new Error("The terminal has sent no picture yet.");
      const blob = await response.blob();
      this.show(await createImageBitmap(blob));
      return blob;
    }
    this.show(this.video, this.video.videoWidth, this.video.videoHeight);
    return new Promise((resolve, reject) => {
      const made = (blob) => (blob ? resolve(blob) : reject(new Error("The camera shows nothing.")));
      this.canvas.toBlob(made, "image/jpeg", 0.95);
    });
  }

  show(image, width = image.width, height = image.height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.getContext("2d").drawImage(image, 0, 0);
  }

  frame({ box, good }) {
    if (!box) return;
    const [top, right, bottom, left] = box;
    const drawing = this.canvas.getContext("2d");
    drawing.strokeStyle = good ? "#2fbf71" : "#f2c464";
    drawing.lineWidth = Math.max(3, this.canvas.width / 200);
    drawing.strokeRect(left, top, right - left, bottom - top);
  }

  tell(text) {
    const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
    this.hint.textContent = /[.!]$/.test(sentence) ? sentence : `${sentence}.`;
  }

  async keep() {
    const body = new FormData();
    body.append("person", this.form.elements.name.value);
    body.append("files", this.photo, "photo.jpg");
    const { files } = await ask("POST", "/people/photos", body);
    const [outcome] = files;
    if (outcome.status === "refused" || outcome.status === "duplicate") throw new Error(outcome.sentence);
    dialog.close();
    if (!this.person) this.form.reset();
    this.done(outcome);
  }
}
