import { showTimes } from "./api.js";

const EVERY_MS = 5000;

showTimes();

// Nobody who reads, selects or tabs through it is disturbed.
function isInUse(place) {
  return document.hidden || place.contains(document.activeElement) || !getSelection().isCollapsed;
}

setInterval(async () => {
  if (isInUse(document.getElementById("state"))) return;
  try {
    const response = await fetch("/system", { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("state");
    const place = document.getElementById("state");
    if (!fresh || isInUse(place)) return;
    place.replaceWith(fresh);
    showTimes(fresh);
  } catch {
    // The next look may find the server again.
  }
}, EVERY_MS);
