import { ask, onClick, onSubmit, showTimes } from "./api.js";

showTimes();

function show(made) {
  for (const part of ["terminal", "link", "token", "command"]) {
    document.getElementById(`made-${part}`).textContent = made[part];
  }
  document.getElementById("made-picture").innerHTML = made.picture;
  const place = document.getElementById("made");
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

const QUESTIONS = {
  rotate: "Replace the token? The terminal is disconnected until it has the new one.",
  revoke: "End this terminal's token? It is disconnected at once.",
};

for (const row of document.querySelectorAll("[data-terminal]")) {
  const path = `/tokens/${encodeURIComponent(row.dataset.terminal)}`;
  const acts = {
    add: async () => show(await ask("POST", path)),
    rotate: async () => show(await ask("PUT", path)),
    revoke: async () => {
      await ask("DELETE", path);
      location.reload();
    },
  };
  for (const button of row.querySelectorAll("[data-do]")) {
    onClick(button, acts[button.dataset.do], QUESTIONS[button.dataset.do]);
  }
}

onSubmit(document.getElementById("new"), async (fields) => {
  show(await ask("POST", `/tokens/${encodeURIComponent(fields.get("terminal").trim())}`));
});
