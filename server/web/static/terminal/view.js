// Draws a screen into the page: the banner, the rectangles over the picture, the line below; only what changes.

const SMALLEST = 0.35; // of the letters' size: below it the words are cut
const SHRINK = 0.93;
const ROUNDING = 1; // pixels: the browser tells whole ones
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu; // what turns the direction of what follows

export class View {
  #shown = "";
  #said = "";
  #words;
  #parts;

  /** `root`: what holds the elements, found by their `data-part`. */
  constructor(root, words) {
    this.#words = words;
    this.#parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    new ResizeObserver(() => this.#fit()).observe(this.#parts.banner);
  }

  /** `announcement`: the element in which what a screen reader reads aloud is said. */
  paint(screen, announcement) {
    const shown = JSON.stringify(screen, (key, value) => (typeof value === "number" ? Math.round(value * 1000) : value));
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#paintBanner(screen);
    this.#paintMarks(screen.marks);
    this.#parts.link.textContent = screen.link;
    this.#parts.link.dataset.connected = screen.link === this.#words.links.connected;
    this.#parts.latency.textContent = screen.latency === null ? "" : `${Math.round(screen.latency)} ms`;
    this.#announce(screen, announcement);
  }

  /** The shape of the camera's picture, in pixels. */
  shape(width, height) {
    this.#parts.stage.style.setProperty("--width", width);
    this.#parts.stage.style.setProperty("--height", height);
  }

  #paintBanner({ banner, names, message }) {
    const { banner: bar, headline, names: people, lines, arrow, time, seconds } = this.#parts;
    document.documentElement.dataset.banner = banner;
    const told = message.headline || this.#words.banners[banner];
    const written = JSON.stringify([told, names, message.lines, message.arrow]);
    arrow.dataset.arrow = message.arrow ?? "";
    arrow.style.setProperty("--progress", message.progress);
    time.dataset.shown = message.timeLeft !== null;
    time.style.setProperty("--left", message.timeLeft ?? 0);
    seconds.textContent = message.seconds === null ? "" : `${Math.ceil(message.seconds)} s`;
    if (written === bar.dataset.written) return;
    bar.dataset.written = written;
    headline.textContent = told;
    people.replaceChildren(...names.flatMap((name, index) => listed(name, index < names.length - 1)));
    lines.replaceChildren(...message.lines.map(paragraph));
    this.#fit();
  }

  /** Letters as large as the banner has room for. */
  #fit() {
    const { text } = this.#parts;
    for (let size = 1; size >= SMALLEST; size *= SHRINK) {
      text.style.setProperty("--size", size);
      if (text.scrollHeight <= text.clientHeight + ROUNDING && text.scrollWidth <= text.clientWidth + ROUNDING) return;
    }
  }

  /** The picture is shown as a mirror does, and the rectangles with it; their labels can be read. */
  #paintMarks(marks) {
    this.#parts.marks.replaceChildren(
      ...marks.map((mark) => {
        const box = document.createElement("div");
        box.className = "mark";
        box.dataset.colour = mark.colour;
        box.style.left = `${(1 - mark.right) * 100}%`;
        box.style.top = `${mark.top * 100}%`;
        box.style.width = `${(mark.right - mark.left) * 100}%`;
        box.style.height = `${(mark.bottom - mark.top) * 100}%`;
        if (mark.label) box.append(label(mark));
        return box;
      }),
    );
  }

  /** Once for what stays the same but for seconds and milliseconds. */
  #announce({ banner, names, message }, announcement) {
    const told = message.headline || this.#words.banners[banner];
    const steady = message.lines.filter((line) => !/\d+ (s|minutes)$/.test(line));
    const said = [told, names.join(", "), ...steady].filter(Boolean).join(". ");
    if (said === this.#said) return;
    this.#said = said;
    announcement.textContent = said.replace(UNSEEN, "");
  }
}

function isolated(name) {
  const element = document.createElement("bdi");
  element.textContent = name.replace(UNSEEN, "");
  return element;
}

/** A name of several, which is not broken unless it is longer than a line. */
function listed(name, more) {
  const element = document.createElement("span");
  element.append(isolated(name), more ? "," : "");
  return [element, " "];
}

function paragraph(line) {
  const element = document.createElement("p");
  element.dir = "auto";
  element.textContent = line.replace(UNSEEN, "");
  return element;
}

function label(mark) {
  const element = document.createElement("span");
  element.className = mark.top < 0.12 ? "label below" : "label";
  element.append(isolated(mark.label));
  return element;
}
