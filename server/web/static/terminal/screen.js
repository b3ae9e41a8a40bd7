// What the screen says at a moment, as a pure function of what is known then: client/screen/screen.py says the
// same. Words come from wire/words.py, as `words`.

import { secondsLeft, shareLeft } from "./memory.js";

export const GRANT_SECONDS = 1; // how long a verdict outlives its picture: the next visitor must not inherit a grant
export const REFUSAL_SECONDS = 4; // how long a refusal's reason is shown, as long as the answers still deny
export const LATE_SECONDS = 0.5;

const BANNERS = { none: "idle", checking: "checking", granted: "granted", denied: "denied" };
const COLOURS = { none: "undecided", checking: "checking", granted: "granted", denied: "denied" };
const NO_MESSAGE = { headline: "", lines: [], arrow: null, timeLeft: null, seconds: null, progress: 1 };

/** Whether the server cannot be relied on at the moment: no connection, or an answer is overdue. */
export function isLate(status, time) {
  return status.state !== "connected" || (status.waitingSince !== null && time - status.waitingSince > LATE_SECONDS);
}

/**
 * {banner, names, marks, link, latency, message} at `time`. A verdict needs a camera, a connection whose answers
 * are not late, and evidence younger than GRANT_SECONDS; without them there is no grant and no name.
 */
export function screenAt(time, status, cameraLost, words) {
  const fresh = status.answer !== null && time - status.answer.sent.captured < GRANT_SECONDS;
  const answer = fresh ? status.answer : null;
  const about = {
    names: [],
    marks: [],
    link: words.links[status.state],
    latency: answer ? (answer.received - answer.sent.captured) * 1000 : null,
    message: NO_MESSAGE,
  };
  const unserved = status.note ? { ...NO_MESSAGE, lines: [status.note] } : NO_MESSAGE;
  if (cameraLost) return { ...about, banner: "no_camera", message: unserved };
  if (isLate(status, time)) {
    return { ...about, banner: status.state === "connected" ? "late" : "offline", message: unserved };
  }
  if (answer === null) return { ...about, banner: "idle" };
  const { result } = answer;
  return {
    ...about,
    banner: BANNERS[result.verdict],
    names: grantedNames(result),
    marks: result.faces.map((face) => mark(face, answer.sent)),
    message: message(result, status.memory, time, words),
  };
}

/** What `result` leaves to be said: a refusal's reason is read before anything is asked of the visitor. */
function message(result, memory, time, words) {
  if (result.verdict === "granted") return NO_MESSAGE;
  const denied = result.verdict === "denied";
  if (denied && memory.refusal && time - memory.refusal.told < REFUSAL_SECONDS) {
    return refused(memory.refusal.decision, words);
  }
  if (result.prompt === null) return NO_MESSAGE;
  const deadline = result.prompt_seconds === null ? null : memory.deadline;
  const told = instruction(result.prompt, deadline ? secondsLeft(deadline, time) : null, words);
  const line = told.line ? [told.line] : [];
  return {
    headline: denied ? "" : told.headline,
    lines: denied ? [sentence(told)] : line,
    arrow: told.arrow,
    timeLeft: deadline ? shareLeft(deadline, time) : null,
    seconds: deadline ? secondsLeft(deadline, time) : null,
    progress: result.prompt_progress === null ? 1 : Math.max(0, result.prompt_progress),
  };
}

function refused(decision, words) {
  const why = words.refusals[decision.reason] ?? words.unknown_refusal;
  if (!decision.note) return { ...NO_MESSAGE, lines: [why] };
  return { ...NO_MESSAGE, headline: `${words.banners.denied}: ${why}`, lines: [decision.note] };
}

/** What to do now. Only a wait says how long: everything else is to be done at once. */
function instruction(prompt, seconds, words) {
  const told = words.instructions[prompt];
  if (prompt !== "wait" || seconds === null) return told;
  const { wait } = words;
  const line = seconds > wait.minutes_from
    ? wait.minutes.replace("{}", Math.ceil(seconds / 60))
    : wait.seconds.replace("{}", Math.ceil(seconds));
  return { ...told, line };
}

function sentence({ headline, line }) {
  const all = line ? `${headline}, ${line}` : headline;
  return all[0].toUpperCase() + all.slice(1).toLowerCase();
}

function grantedNames(result) {
  if (result.verdict !== "granted") return [];
  return result.faces.filter((face) => face.verdict === "granted" && face.name).map((face) => face.name);
}

/** A rectangle as fractions of the picture, 0 to 1, whatever size it is shown at. */
function mark(face, sent) {
  const [top, right, bottom, left] = face.box;
  const fraction = (value, side) => Math.min(Math.max(value, 0), side) / side;
  return {
    left: fraction(left, sent.width),
    top: fraction(top, sent.height),
    right: fraction(right, sent.width),
    bottom: fraction(bottom, sent.height),
    label: face.name ?? "",
    colour: COLOURS[face.verdict],
  };
}
