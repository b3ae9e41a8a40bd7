// Which terminal this is: its name, its token and its camera, kept in this browser.

import { TERMINAL_CHARS, TOKEN_CHARS } from "./wire.js";

const KEY = "doorward.terminal";

/** {terminal, token, camera}; empty strings where nothing is known. */
export function stored() {
  try {
    const { terminal = "", token = "", camera = "" } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { terminal: String(terminal), token: String(token), camera: String(camera) };
  } catch {
    return { terminal: "", token: "", camera: "" };
  }
}

export function store(values) {
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // a private window: it holds until the page is left
  }
}

/** What a link `#terminal=front-door&token=...` says, which is taken out of the address at once; else null. */
export function fromLink() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (!said.has("terminal")) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return { terminal: said.get("terminal"), token: said.get("token") ?? "" };
}

/** What is wrong with the values, for whoever typed them; empty: nothing. */
export function wrong({ terminal, token }) {
  if (!terminal) return "Give the terminal a name, such as front-door.";
  if ([...terminal].length > TERMINAL_CHARS) return `A name has at most ${TERMINAL_CHARS} characters.`;
  if ([...token].length > TOKEN_CHARS) return `A token has at most ${TOKEN_CHARS} characters.`;
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(terminal + token)) return "Name and token have visible characters only.";
  if (/[/\\]|^\.{1,2}$/.test(terminal)) return "A name has no slash or backslash, and is not . or ..";
  return "";
}
