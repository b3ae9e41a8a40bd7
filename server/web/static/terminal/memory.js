// What earlier answers of a connection said that still matters, as client/connection/memory.py has it. Pure.

export const SAME_DEADLINE_SECONDS = 0.5; // the network varies that much
const DEPARTED = ["left", "not_live"]; // decisions about somebody who has gone

export const NOTHING = { refusal: null, deadline: null };

/** What to remember once `result` was received. `refusal`: {decision, told}; `deadline`: {prompt, ends, seconds}. */
export function remembered(memory, result, received) {
  return { refusal: refusal(memory, result.decision, received), deadline: deadline(memory, result, received) };
}

function refusal(memory, decision, received) {
  if (decision === null || DEPARTED.includes(decision.reason)) return memory.refusal;
  return decision.verdict === "denied" ? { decision, told: received } : null;
}

function deadline(memory, result, received) {
  if (result.prompt === null || result.prompt_seconds === null) return memory.deadline;
  const before = memory.deadline;
  const ends = received + result.prompt_seconds;
  const same = before !== null && before.prompt === result.prompt && Math.abs(ends - before.ends) < SAME_DEADLINE_SECONDS;
  return { prompt: result.prompt, ends, seconds: same ? before.seconds : result.prompt_seconds };
}

export function secondsLeft(deadline, time) {
  return Math.max(0, deadline.ends - time);
}

/** The share of the time that is left, 0 to 1. */
export function shareLeft(deadline, time) {
  return deadline.seconds > 0 ? Math.min(1, secondsLeft(deadline, time) / deadline.seconds) : 0;
}
