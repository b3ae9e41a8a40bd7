import { ask, onSubmit } from "./api.js";

const form = document.getElementById("sign-in");
const code = document.getElementById("code");

// Only to a page of this console.
function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  return next.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
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
