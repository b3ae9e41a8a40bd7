import { ask, onSubmit } from "./api.js";

const form = document.getElementById("set-up");
const secret = location.hash.slice(1);

// Whose password the link sets; null: it is void.
async function invited() {
  try {
    return secret ? await ask("POST", "/invitation/look", { secret }) : null;
  } catch {
    return null;
  }
}

const invitation = await invited();
document.getElementById("wait").hidden = true;
if (invitation) {
  const { name } = invitation;
  document.getElementById("first").hidden = name !== null;
  form.elements.name.value = name ?? "";
  form.elements.name.readOnly = name !== null;
  form.hidden = false;
  (name === null ? form.elements.name : form.elements.password).focus();
} else {
  document.getElementById("void").hidden = false;
}

onSubmit(form, async (fields) => {
  if (fields.get("password") !== fields.get("again")) throw new Error("The two passwords differ.");
  await ask("POST", "/invitation", { secret, name: fields.get("name"), password: fields.get("password") });
  location.replace("/");
});
