import { ask, onClick, onSubmit, renew, showTimes } from "./api.js";

showTimes();

async function show(made) {
  const place = document.getElementById("made");
  place.querySelector("span").textContent = made.name;
  place.querySelector("code").textContent = made.link;
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
  await renew("accounts");
  bind();
}

function listed(text) {
  const names = text.split(",").map((name) => name.trim()).filter(Boolean);
  return names.length ? names : null;
}

const QUESTIONS = {
  reset: "Take away the password and the second factor, and make a new link?",
  disable: "Disable this account? Its sessions and keys end at once.",
  remove: "Remove this account with its sessions and keys?",
};

function bind() {
  for (const row of document.querySelectorAll("[data-account]")) {
    const path = `/accounts/${encodeURIComponent(row.dataset.account)}`;
    const seen = { "If-Match": row.dataset.etag };
    const change = async (disabled) => {
      const role = row.querySelector("[name=role]").value;
      const terminals = listed(row.querySelector("[name=terminals]").value);
      await ask("PUT", path, { role, terminals, disabled }, seen);
      location.reload();
    };
    const acts = {
      save: () => change(row.querySelector("[data-do=enable]") !== null),
      enable: () => change(false),
      disable: () => change(true),
      reset: async () => show(await ask("POST", `${path}/reset`)),
      remove: async () => {
        await ask("DELETE", path, undefined, seen);
        row.remove();
      },
    };
    for (const button of row.querySelectorAll("[data-do]")) {
      onClick(button, acts[button.dataset.do], QUESTIONS[button.dataset.do]);
    }
  }
}
bind();

onSubmit(document.getElementById("new"), async (fields) => {
  await show(await ask("POST", "/accounts", { name: fields.get("name"), role: fields.get("role") }));
});
