// The whole site: handed out as a zip, and brought in from one.
import { ask, onClick, onSubmit, tell } from "./api.js";
import { send } from "./uploads.js";

const form = document.getElementById("send");
const effect = document.getElementById("effect");
const WORDS = {
  new: "photos are only in the archive",
  same: "photos are here, too",
  conflicting: "photos are others here than in the archive",
  gone: "photos are only here",
};
let sent = null;

onSubmit(document.getElementById("export"), async (fields) => {
  const status = document.querySelector("#export [role=status]");
  const passphrase = fields.get("passphrase") || null;
  status.textContent = "being made …";
  try {
    await download(passphrase);
  } finally {
    status.textContent = "";
  }
});

async function download(passphrase) {
  const response = await fetch("/api/v1/site/export", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ passphrase }),
  });
  if (!response.ok) throw new Error((await response.json()).detail);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="(.*)"/.exec(response.headers.get("Content-Disposition"))[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

onSubmit(form, async (fields) => {
  effect.hidden = true;
  const progress = form.querySelector("progress");
  progress.hidden = false;
  const [status, answer] = await send("POST", "/site/archives", fields.get("file"), (share) => { progress.value = share; });
  progress.hidden = true;
  if (status !== 201) throw new Error(answer?.detail ?? `The server answered ${status}.`);
  sent = { archive: answer.archive, passphrase: fields.get("passphrase") || null };
  show(await ask("POST", "/site/import/look", sent));
});

function show(found) {
  effect.querySelector("#decisions").textContent = `Decisions of its history that are not in the log here: ${found.decisions}; that are, and stay as they are: ${found.known}.`;
  for (const list of effect.querySelectorAll("[data-changes]")) tellChanges(list, found[list.dataset.changes]);
  effect.querySelector("dl").replaceChildren(
    ...Object.entries(WORDS).flatMap(([key, words]) => {
      const term = document.createElement("dt");
      term.textContent = `${found[key].count} ${words}`;
      const names = document.createElement("dd");
      names.className = "quiet";
      const { first, count } = found[key];
      names.textContent = key === "same" ? "" : first.slice(0, 20).join(", ") + (count > 20 ? " …" : "");
      return [term, names];
    }),
  );
  effect.hidden = false;
  effect.scrollIntoView({ block: "nearest" });
}

// Every change of people.toml, in words: what holds at the doors is confirmed by nobody who has not seen it.
function tellChanges(list, changes) {
  list.replaceChildren(
    ...(changes.length ? changes : ["nothing"]).map((sentence) => {
      const item = document.createElement("li");
      item.textContent = sentence;
      return item;
    }),
  );
  list.closest("div").classList.toggle("warning", changes.length > 0);
}

const QUESTIONS = {
  merge: "Add what is missing here, and change people.toml as the page says?",
  replace: "Replace all photos by those of the archive, and change people.toml as the page says?",
};
for (const button of effect.querySelectorAll("[data-mode]")) {
  const { mode } = button.dataset;
  onClick(button, async () => {
    const done = await ask("POST", "/site/import", { ...sent, mode });
    effect.hidden = true;
    tell(mode === "merge" ? `${done.new.count} photos were added.` : "The photos and limits are as in the archive.");
    tell(`Decisions added to the log: ${done.decisions}.`);
  }, QUESTIONS[mode]);
}
