// What to do when the connection fails: give up or wait, and how long, as in client/connection/reconnect.py. Pure.

export const FIRST_RETRY_SECONDS = 0.5;
export const CAP_SECONDS = 5;
export const FLOOR_SECONDS = 0.1;
export const FATAL_CODES = ["unauthorized", "version_mismatch"]; // no retry can mend them

/** Seconds to wait before each retry: exponential backoff with full jitter, for ever. `draw`: 0 to 1. */
export function* delays(draw = Math.random) {
  let ceiling = FIRST_RETRY_SECONDS;
  for (;;) {
    yield FLOOR_SECONDS + draw() * (ceiling - FLOOR_SECONDS);
    ceiling = Math.min(CAP_SECONDS, ceiling * 2);
  }
}
