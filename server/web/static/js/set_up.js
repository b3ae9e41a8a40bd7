import { ask, onSubmit } from "./api.js";

const form = document.getElementById("set-up");
const secret = location.hash.slice(1);

try {
  const { name } = await ask("POST", "/invitation/look", { secret: secret || "none" });
  document.getElementById("first").hidden = name !== null;
  form.elements.name.value = name ?? "";
  form.elements.name.readOnly = name !== null;
  form.hidden = false;
  (name === null ? form.elements.name : form.elements.password).focus();
} catch {
  document.getElementById("void").hidden = false;
}
document.getElementById("wait").hidden = true;

onSubmit(form, async (fields) => {
  if (fields.get("password") !== fields.get("again")) throw new Error("The two passwords differ.");
  await ask("POST", "/invitation", { secret, name: fields.get("name"), password: fields.get("password") });
  location.replace("/");
});
