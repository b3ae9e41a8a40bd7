// What is pressed before the page's own script has loaded waits for it: onSubmit and onClick of api.js then do it.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  event.preventDefault();
  event.target.dataset.early = "";
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && !("ready" in button.dataset) && !(button.form && button.type === "submit")) button.dataset.early = "";
});
