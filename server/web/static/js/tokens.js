import { ask, keepFresh, onClick, onSubmit, renew, showTimes } from "./api.js";

showTimes();

async function show(made) {
  for (const part of ["terminal", "link", "token", "command"]) {
    document.getElementById(`made-${part}`).textContent = made[part];
  }
  document.getElementById("made-picture").innerHTML = made.picture;
  const place = document.getElementById("made");
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
  await renew("terminals");
  bind();
}

const QUESTIONS = {
  rotate: "Rotate the token? The old one ends as chosen.",
  revoke: "Revoke this terminal's tokens? It is disconnected at once.",
};

function bind() {
  for (const row of document.querySelectorAll("[data-terminal]")) {
    const path = `/tokens/${encodeURIComponent(row.dataset.terminal)}`;
    const seen = { "If-Match": row.dataset.etag };
    const acts = {
      add: async () => show(await ask("POST", path)),
      rotate: async () => show(await ask("PUT", path, { overlap_hours: Number(row.querySelector("[name=overlap]").value) }, seen)),
      revoke: async () => {
        await ask("DELETE", path, undefined, seen);
        location.reload();
      },
    };
    for (const button of row.querySelectorAll("[data-do]")) {
      onClick(button, acts[button.dataset.do], QUESTIONS[button.dataset.do]);
    }
  }
}
bind();
keepFresh("terminals", bind);

onSubmit(document.getElementById("new"), async (fields) => {
  const days = fields.get("days") ? { days: Number(fields.get("days")) } : undefined;
  await show(await ask("POST", `/tokens/${encodeURIComponent(fields.get("terminal").trim())}`, days));
});
