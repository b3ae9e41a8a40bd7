// The windows of a week, as people.toml has them ("mon-fri 07:00-19:00"): edited in rows, drawn as a week.

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY = 24 * 60;
const WINDOW = /^(\w{3})(?:-(\w{3}))? (\d\d?):(\d\d)-(\d\d?):(\d\d)$/;
const pad = (number) => String(number).padStart(2, "0");
const minutes = (text) => text.split(":").reduce((hours, more) => Number(hours) * 60 + Number(more));

export function parse(text) {
  const [, first, last = first, h1, m1, h2, m2] = WINDOW.exec(text);
  return { first, last, start: `${pad(h1)}:${m1}`, end: `${pad(h2)}:${m2}` };
}

export function format({ first, last, start, end }) {
  return `${first === last ? first : `${first}-${last}`} ${start}-${end}`;
}

// The minutes of the week, from Monday 00:00 on, as [from, to) pairs.
export function spans({ first, last, start, end }) {
  const [from, to] = [minutes(start), minutes(end)];
  const begin = DAYS.indexOf(first);
  const count = ((DAYS.indexOf(last) - begin + 7) % 7) + 1;
  const length = to > from ? to - from : to + DAY - from;
  return Array.from({ length: count }, (_, at) => {
    const starts = ((begin + at) % 7) * DAY + from;
    return [starts, starts + length];
  });
}

// How much of an hour of the week is allowed: 0 to 60 minutes.
export function allowed(windows, day, hour) {
  const week = 7 * DAY;
  let count = 0;
  const all = windows.flatMap(spans);
  for (let minute = day * DAY + hour * 60; minute < day * DAY + hour * 60 + 60; minute += 1) {
    if (all.some(([from, to]) => (minute >= from && minute < to) || (minute + week >= from && minute + week < to))) count += 1;
  }
  return count;
}

export class Schedule {
  constructor(field) {
    this.field = field;
    this.rows = document.getElementById("windows");
    this.template = document.getElementById("window");
    for (const text of field.dataset.windows.split("\n").filter(Boolean)) this.add(parse(text));
    document.getElementById("add-window").addEventListener("click", () => {
      this.add({ first: "mon", last: "fri", start: "07:00", end: "19:00" });
      this.rows.lastElementChild.querySelector("select").focus();
    });
    field.addEventListener("input", () => this.draw());
    this.draw();
  }

  add(window) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    for (const [name, value] of Object.entries(window)) row.querySelector(`[name=${name}]`).value = value;
    row.querySelector("button").addEventListener("click", () => {
      row.remove();
      document.getElementById("add-window").focus();
      this.draw();
    });
    this.rows.append(row);
    this.draw();
  }

  windows() {
    return [...this.rows.children].map((row) =>
      Object.fromEntries(["first", "last", "start", "end"].map((name) => [name, row.querySelector(`[name=${name}]`).value])),
    );
  }

  // As the API takes it; null: at any time.
  value() {
    const windows = this.windows();
    return windows.length ? windows.map(format) : null;
  }

  draw() {
    const rows = [...this.rows.children];
    const usable = this.windows().filter((_, at) => [...rows[at].querySelectorAll("input")].every((input) => input.validity.valid));
    document.getElementById("always").hidden = rows.length > 0;
    this.field.querySelector(".table").hidden = rows.length === 0;
    this.field.querySelector(".week tbody").replaceChildren(...[null, ...DAYS.keys()].map((day) => this.line(usable, day)));
  }

  line(windows, day) {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.textContent = day === null ? "" : DAYS[day];
    row.append(head);
    for (let hour = 0; hour < 24; hour += 1) {
      const cell = document.createElement("td");
      if (day === null) cell.textContent = hour % 3 === 0 ? String(hour) : "";
      else {
        const share = allowed(windows, day, hour);
        cell.className = share === 60 ? "full" : share > 0 ? "part" : "";
      }
      row.append(cell);
    }
    return row;
  }
}
