// The connection to the server: one at a time, found again by itself, given up where the server refuses.

import { Exchange, now } from "./exchange.js";
import { IdleRate } from "./idle.js";
import { NOTHING, remembered } from "./memory.js";
import { LimitsTooSmallError } from "./picture.js";
import { FATAL_CODES, delays } from "./reconnect.js";
import { ProtocolError, SLICE_BYTES, Splitter, frame, hello, ping, read } from "./wire.js";

const LOOK_MS = 250; // between two looks at what is due, or dead
const UNREACHABLE = "the server cannot be reached, or this browser does not trust its certificate";
const LOST = "the server closed the connection";

/**
 * Owns the connection. `status`: {state, reason, waitingSince, answer, memory, note}, replaced as a whole; an
 * answer is {result, sent, received}. `onRefused` is told {code, message} when no retry can help.
 */
export class Link {
  status = { state: "connecting", reason: "", waitingSince: null, answer: null, memory: NOTHING, note: null };
  #settings;
  #onRefused;
  #pauses = delays();
  #connection = null;
  #timer = null;
  #number = 0;

  /** `settings`: {url, terminal, token, words}. */
  constructor(settings, onRefused) {
    this.#settings = settings;
    this.#onRefused = onRefused;
    this.#connect();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#leave();
  }

  /** What the server takes, {frame_bytes, frame_pixels}, when a picture may be sent; else null. */
  get wanted() {
    const connection = this.#connection;
    const ready = connection && connection.limits && !connection.encoding && connection.exchange.maySend;
    return ready && now() >= connection.nextAt ? connection.limits : null;
  }

  /**
   * Send the picture of this moment, if it is worth sending: `thumbnail` tells, and `encode(limits)` makes the
   * JPEG, {jpeg, width, height}. Only while one is `wanted`.
   */
  async offer(thumbnail, encode) {
    const connection = this.#connection;
    const captured = now();
    if (!connection.idle.due(thumbnail, captured)) return;
    connection.encoding = true;
    try {
      const picture = await encode(connection.limits);
      if (connection === this.#connection) this.#send(connection, picture, captured);
    } catch (error) {
      if (!(error instanceof LimitsTooSmallError)) throw error;
      this.#fail(connection, error.message);
    } finally {
      connection.encoding = false;
    }
  }

  #send(connection, { jpeg, width, height }, captured) {
    this.#number += 1;
    const sent = { number: this.#number, captured, width, height, sent: now() };
    connection.send(frame(sent.number, jpeg));
    connection.exchange.frameSent(sent);
    this.status = { ...this.status, waitingSince: sent.sent };
  }

  #connect() {
    const connection = new Connection(this.#settings, {
      onData: (data) => this.#received(connection, data),
      onClose: () => this.#fail(connection, connection.limits ? LOST : UNREACHABLE),
      onLook: (time) => this.#look(connection, time),
    });
    this.#connection = connection;
  }

  #look(connection, time) {
    const { exchange } = connection;
    if (exchange.pingDue(time)) connection.send(ping(exchange.pingSent(time), Date.now() / 1000));
    const why = exchange.dead(time);
    if (why) this.#fail(connection, why);
  }

  #received(connection, data) {
    if (connection !== this.#connection) return;
    connection.exchange.heard(now());
    try {
      if (!(data instanceof ArrayBuffer)) throw new ProtocolError("a text message");
      connection.splitter.feed(new Uint8Array(data));
      let payload;
      while (connection === this.#connection && (payload = connection.splitter.next()) !== null) {
        this.#handle(connection, read(payload, connection.limits !== null, this.#settings.words));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refused(connection, error, `the server broke the protocol: ${error.message}`);
    }
  }

  #handle(connection, message) {
    if (message.type === "result") this.#answered(connection, message);
    else if (message.type === "error") this.#error(connection, message);
    else if (message.type === "pong") connection.exchange.ponged(message.id);
    else {
      connection.exchange.welcomed();
      connection.limits = message.limits;
      this.#tell("connected", "", message.note);
    }
  }

  #answered(connection, result) {
    const answer = { result, sent: connection.exchange.answered(result.seq), received: now() };
    connection.answered = true;
    connection.nextAt = answer.received + (result.next_ms ?? 0) / 1000;
    connection.idle.answered(answer.sent.captured, result.verdict === "none" && result.faces.length === 0);
    const memory = remembered(this.status.memory, result, answer.received);
    this.status = { ...this.status, waitingSince: null, answer, memory };
  }

  #error(connection, error) {
    if (error.code !== "bad_frame") {
      this.#refused(connection, error, `the server says ${error.code}: ${error.message}`);
      return;
    }
    const { inFlight } = connection.exchange;
    if (inFlight && (error.seq === null || error.seq === inFlight.number)) {
      connection.exchange.answered(inFlight.number);
      connection.idle.answered(inFlight.captured, false);
      this.status = { ...this.status, waitingSince: null };
    }
  }

  /** The server said why it closes the connection, or broke the protocol. */
  #refused(connection, error, why) {
    connection.refused = true;
    this.#fail(connection, why, FATAL_CODES.includes(error.code) ? error : null);
  }

  #fail(connection, why, fatal = null) {
    if (connection !== this.#connection) return;
    this.#leave();
    if (fatal) {
      this.#tell("retrying", why, this.status.note);
      this.#onRefused(fatal);
      return;
    }
    if (connection.worked) this.#pauses = delays();
    this.#tell(this.status.state === "connected" ? "lost" : "retrying", why, this.status.note);
    this.#timer = setTimeout(() => this.#connect(), this.#pauses.next().value * 1000);
  }

  #leave() {
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
  }

  #tell(state, reason, note) {
    this.status = { state, reason, waitingSince: null, answer: null, memory: NOTHING, note };
  }
}

/** One connection, from its hello to its end. */
class Connection {
  limits = null;
  answered = false;
  nextAt = 0; // no picture is wanted before
  refused = false;
  encoding = false;
  splitter = new Splitter();
  idle = new IdleRate();
  exchange = new Exchange(now());
  #socket;
  #looking;

  constructor({ url, terminal, token }, { onData, onClose, onLook }) {
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.send(hello(terminal, token));
    this.#socket.onmessage = ({ data }) => onData(data);
    this.#socket.onclose = onClose;
    this.#looking = setInterval(() => onLook(now()), LOOK_MS);
  }

  /** Whether to retry quickly: it was welcomed, and not turned away before the first answer. */
  get worked() {
    return this.answered || (this.limits !== null && !this.refused);
  }

  send(bytes) {
    if (this.#socket.readyState !== WebSocket.OPEN) return; // `onclose` comes
    for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
      this.#socket.send(bytes.subarray(start, start + SLICE_BYTES));
    }
  }

  close() {
    clearInterval(this.#looking);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }
}
