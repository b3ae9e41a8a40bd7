import { ask, onClick, onSubmit, showTimes, tell } from "./api.js";

const byId = (id) => document.getElementById(id);
let key = null;

showTimes();

onClick(byId("sign-out"), async () => {
  await ask("DELETE", "/session");
  location.assign("/sign-in");
});

onSubmit(byId("password"), async (fields) => {
  await ask("PUT", "/password", { old: fields.get("old"), new: fields.get("new") });
  byId("password").reset();
  tell("The password is changed; you are signed out everywhere else. API keys go on.");
});

onClick(byId("end-others"), async () => {
  await ask("DELETE", "/sessions");
  location.reload();
});

onClick(byId("factor-begin"), async () => {
  const made = await ask("POST", "/second-factor");
  key = made.key;
  byId("factor-picture").innerHTML = made.picture;
  byId("factor-key").textContent = key.match(/.{4}/g).join(" ");
  byId("factor-begin").hidden = true;
  byId("factor-on").hidden = false;
  byId("factor-on").elements.code.focus();
});

onSubmit(byId("factor-on"), async (fields) => {
  await ask("PUT", "/second-factor", { key, code: fields.get("code"), password: fields.get("password") });
  location.reload();
});

onSubmit(byId("factor-off"), async (fields) => {
  await ask("DELETE", "/second-factor", { password: fields.get("password"), code: fields.get("code") });
  location.reload();
});

const { everywhere } = byId("key").elements;
const doors = [...byId("key").querySelectorAll("[name=terminals]")];
const dim = () => doors.forEach((door) => { door.disabled = everywhere.checked; });
everywhere?.addEventListener("change", dim);
if (everywhere) dim();

onSubmit(byId("key"), async (fields) => {
  const given = { name: fields.get("name"), scopes: fields.getAll("scopes"), days: Number(fields.get("days")) };
  if (everywhere && !everywhere.checked) given.terminals = fields.getAll("terminals");
  if (!given.scopes.length) throw new Error("Choose what it may do.");
  if (given.terminals?.length === 0) throw new Error("Choose a terminal, or all.");
  const made = await ask("POST", "/keys", given);
  byId("made").querySelector("code").textContent = made.key;
  byId("made").hidden = false;
  byId("key").hidden = true;
});

for (const button of document.querySelectorAll("[data-key]")) {
  onClick(button, async () => {
    await ask("DELETE", `/keys/${button.dataset.key}`);
    button.closest("tr").remove();
  }, "Revoke this key? Programs that use it are refused from now on.");
}
