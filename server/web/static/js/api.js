// Talks to the API, and tells the reader what came of it.

export class Problem extends Error {
  constructor(document) {
    super(document.detail);
    this.code = document.code;
    this.status = document.status;
    this.fields = document.fields ?? {};
  }
}

async function problemOf(response) {
  try {
    return new Problem(await response.json());
  } catch {
    return new Problem({ detail: `The server answered ${response.status}.`, code: "unknown", status: response.status });
  }
}

// The JSON that the API answers, or null; throws a Problem.
export async function ask(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers } };
  if (body instanceof FormData) {
    options.body = body;
  } else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/api/v1${path}`, options);
  } catch {
    throw new Problem({ detail: "The server cannot be reached.", code: "unreachable", status: 0 });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && problem.code === "unauthorized") {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    throw problem;
  }
  return response.status === 204 ? null : response.json();
}

// A sentence that goes away by itself.
export function tell(text) {
  const notice = document.createElement("p");
  notice.textContent = text;
  document.getElementById("notices").append(notice);
  setTimeout(() => notice.remove(), 6000);
}

const LATER = "notice";

// Have a sentence told by the page that is shown next, in this tab.
export function tellNext(text) {
  sessionStorage.setItem(LATER, text);
}

const told = sessionStorage.getItem(LATER);
if (told) {
  sessionStorage.removeItem(LATER);
  tell(told);
}

// Do what was pressed before there was anybody to do it, when the whole script has run; see early.js.
function makeUp(element, act) {
  if (!("early" in element.dataset)) return;
  delete element.dataset.early;
  setTimeout(act);
}

// Have a form do something: `act` gets its fields; what goes wrong is told in it.
export function onSubmit(form, act) {
  if (!form) return;
  const error = form.querySelector(".error");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    button.disabled = true;
    if (error) error.hidden = true;
    try {
      await act(new FormData(form));
    } catch (problem) {
      if (!error) throw problem;
      const fields = Object.entries(problem.fields ?? {}).map(([name, what]) => `${name}: ${what}`);
      error.textContent = [problem.message, ...fields].join(" ");
      error.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  makeUp(form, () => form.requestSubmit());
}

// Have a button do something; with `question` only after it was confirmed.
export function onClick(button, act, question) {
  if (!button) return;
  button.addEventListener("click", async () => {
    if (question && !(await confirmed(question))) return;
    button.disabled = true;
    try {
      await act();
    } catch (problem) {
      tell(problem.message);
    } finally {
      button.disabled = false;
    }
  });
  button.dataset.ready = "";
  makeUp(button, () => button.click());
}

// Ask in a dialog that the keyboard reaches, about these sentences; resolves to true or false.
export function confirmed(question, sentences = []) {
  const dialog = document.createElement("dialog");
  const text = document.createElement("p");
  text.textContent = question;
  dialog.setAttribute("aria-label", question);
  const form = document.createElement("form");
  form.method = "dialog";
  for (const [value, label, kind] of [["no", "No", ""], ["yes", "Yes", "primary"]]) {
    const button = document.createElement("button");
    button.value = value;
    button.textContent = label;
    button.className = kind;
    form.append(button);
  }
  const list = document.createElement("ul");
  list.append(...sentences.map((each) => Object.assign(document.createElement("li"), { textContent: each })));
  dialog.append(text, ...(sentences.length ? [list] : []), form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

// Show a part of this page as the server has it now, unless `isKept` says of the old one that it stays; returns
// whether it was done.
export async function renew(id, isKept = () => false) {
  const text = await (await fetch(location.pathname)).text();
  const part = new DOMParser().parseFromString(text, "text/html").getElementById(id);
  const old = document.getElementById(id);
  if (!part || isKept(old)) return false;
  showTimes(part);
  old.replaceWith(part);
  return true;
}

const FRESH_MS = 5000;

// Nobody who reads, selects or tabs through a part is disturbed.
function isInUse(part) {
  return document.hidden || part.contains(document.activeElement) || !getSelection().isCollapsed;
}

// Show a part of this page as it is, again and again; `bind` is called each time.
export function keepFresh(id, bind = () => {}) {
  setInterval(async () => {
    if (isInUse(document.getElementById(id))) return;
    try {
      if (await renew(id, isInUse)) bind();
    } catch {
      // The next look may find the server again.
    }
  }, FRESH_MS);
}

// Times as the reader's clock shows them.
export function showTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    time.title = moment.toLocaleString();
    const today = moment.toDateString() === new Date().toDateString();
    time.textContent = today
      ? moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })
      : moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }
}
