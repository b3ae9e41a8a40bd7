// Unknown faces: enrolled, or dismissed.
import { ask, onClick, onSubmit, showTimes, tell } from "./api.js";

const EVERY = 2000;

showTimes();

for (const article of document.querySelectorAll("article[data-id]")) {
  const path = `/strangers/${encodeURIComponent(article.dataset.id)}`;
  onSubmit(article.querySelector("form"), async (fields) => {
    const outcome = await ask("POST", `${path}/enrol`, { name: fields.get("name") });
    const why = outcome.sentence ? `: ${outcome.sentence}` : "";
    tell(`${outcome.person}: ${outcome.status}${why}`);
    article.remove();
  });
  onClick(article.querySelector("[data-dismiss]"), async () => {
    await ask("DELETE", path);
    article.remove();
  }, "Tell no more of this face, also when it comes again?");
}

// Show what was read meanwhile, unless somebody is writing.
async function follow() {
  const { looking } = await ask("GET", "/strangers");
  if (looking) setTimeout(follow, EVERY);
  else if (![...document.querySelectorAll("input")].some((input) => input.value)) location.reload();
}

if (document.getElementById("looking").dataset.looking === "yes") setTimeout(follow, EVERY);
