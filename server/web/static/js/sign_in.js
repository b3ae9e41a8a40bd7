import { ask, onSubmit } from "./api.js";

const form = document.getElementById("sign-in");
const code = document.getElementById("code");

// Only to a page of this console.
function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  try {
    const address = new URL(next, location.origin);
    if (address.origin === location.origin) return location.origin + address.pathname + address.search;
  } catch {
    // It is no address at all.
  }
  return "/";
}

onSubmit(form, async (fields) => {
  const given = { name: fields.get("name"), password: fields.get("password") };
  if (fields.get("code")) given.code = fields.get("code");
  try {
    await ask("POST", "/session", given);
  } catch (problem) {
    if (problem.code === "code_needed") {
      code.hidden = false;
      code.querySelector("input").focus();
    }
    throw problem;
  }
  location.assign(wanted());
});
