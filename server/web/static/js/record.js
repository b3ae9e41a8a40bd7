import { showTimes } from "./api.js";

showTimes();

// What is left empty is no condition.
document.querySelector("form.filters").addEventListener("submit", (event) => {
  for (const field of event.target.querySelectorAll("input, select")) field.disabled = field.value === "";
});
