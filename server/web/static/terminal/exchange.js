// What is outstanding on one connection and what is due next, as client/connection/exchange.py has it.
// Times are seconds of `now()`; the clock is passed in.

import { ProtocolError } from "./wire.js";

export const PING_SECONDS = 5; // without a message of ours the server is pinged
export const CLOCK_SECONDS = 60; // a ping tells our clock, at first and then as often
export const SILENCE_SECONDS = 10; // without a byte of its own, while something is outstanding
export const ANSWER_SECONDS = 30; // a server that answers pings, but not a frame

export const now = () => performance.now() / 1000;

/** Bookkeeping of one connection: at most one frame and one ping are in flight. */
export class Exchange {
  #hello;
  #ping = null;
  #clockTold = -Infinity;
  #pingId = 0;
  #said;
  #heard;
  inFlight = null; // {number, captured, width, height, sent}

  constructor(time) {
    this.#hello = this.#said = this.#heard = time;
  }

  get maySend() {
    return this.#hello === null && this.inFlight === null;
  }

  heard(time) {
    this.#heard = time;
  }

  welcomed() {
    this.#hello = null;
  }

  frameSent(sent) {
    this.inFlight = sent;
    this.#said = sent.sent;
  }

  /** The frame that a result answers. Throws ProtocolError: it is not the one in flight. */
  answered(seq) {
    const sent = this.inFlight;
    if (sent === null || sent.number !== seq) throw new ProtocolError(`an answer to frame ${seq}, which is not in flight`);
    this.inFlight = null;
    return sent;
  }

  /** The id for a ping that is sent now. */
  pingSent(time) {
    this.#ping = this.#said = this.#clockTold = time;
    this.#pingId += 1;
    return this.#pingId;
  }

  ponged(id) {
    if (id === this.#pingId) this.#ping = null;
  }

  pingDue(time) {
    const due = time - this.#said >= PING_SECONDS || time - this.#clockTold >= CLOCK_SECONDS;
    return this.#hello === null && this.#ping === null && due;
  }

  /** Why the connection is of no use any more; empty while it is. */
  dead(time) {
    const sent = this.inFlight ? this.inFlight.sent : null;
    const waiting = [this.#hello, this.#ping, sent].filter((since) => since !== null);
    if (waiting.length && time - Math.max(this.#heard, Math.min(...waiting)) >= SILENCE_SECONDS) {
      return `the server has been silent for ${SILENCE_SECONDS} s`;
    }
    if (sent !== null && time - sent >= ANSWER_SECONDS) {
      return `the server has not answered a frame for ${ANSWER_SECONDS} s`;
    }
    return "";
  }
}
