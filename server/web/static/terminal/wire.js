// The messages of protocol version 1, as docs/protocol.md has them; checked as in wire/.

import { MalformedError, decode, encode, joined } from "./msgpack.js";

export const VERSION = 1;
export const REPLY_BYTES = 1 << 20; // largest message of a server
export const SLICE_BYTES = 1 << 16; // largest message of a WebSocket: one of ours may take several
export const TERMINAL_CHARS = 64;
export const TOKEN_CHARS = 1024;
const HEADER_BYTES = 4;
const NAME_CHARS = 256;
const NOTE_CHARS = 200;
const NEXT_MS = 60000;
const MAX_FACES = 64;
const VERDICTS = ["none", "checking", "granted", "denied"];
const CODES = ["bad_message", "bad_frame", "frame_too_big", "version_mismatch", "unauthorized", "too_many", "overloaded", "internal"];

/** The server broke the protocol, or speaks another version of it. */
export class ProtocolError extends Error {
  constructor(message, code = "bad_message") {
    super(message);
    this.code = code;
  }
}

export const hello = (terminal, token) => framed({ type: "hello", version: VERSION, terminal, token: token || null });
export const frame = (seq, jpeg) => framed({ type: "frame", seq, jpeg });
export const ping = (id, clock) => framed({ type: "ping", id, clock });

function framed(message) {
  const payload = encode(message);
  const header = new Uint8Array(HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, payload.length);
  return joined([header, payload]);
}

/** Cuts the stream into payloads, however it arrives; holds one message at most. */
export class Splitter {
  #buffer = new Uint8Array(0);

  feed(bytes) {
    this.#buffer = this.#buffer.length ? joined([this.#buffer, bytes]) : bytes;
  }

  /** The next complete payload; null when more is needed. Throws ProtocolError: it is announced as too long. */
  next() {
    const buffer = this.#buffer;
    if (buffer.length < HEADER_BYTES) return null;
    const length = new DataView(buffer.buffer, buffer.byteOffset).getUint32(0);
    if (length > REPLY_BYTES) throw new ProtocolError(`a message of ${length} bytes`);
    if (buffer.length < HEADER_BYTES + length) return null;
    this.#buffer = buffer.subarray(HEADER_BYTES + length);
    return buffer.subarray(HEADER_BYTES, HEADER_BYTES + length);
  }
}

/** One message of the server. `words`: the vocabulary; a prompt that it lacks reads as none. Throws ProtocolError. */
export function read(payload, welcomed, words) {
  let values;
  try {
    values = decode(payload);
  } catch (error) {
    if (error instanceof MalformedError) throw new ProtocolError(error.message);
    throw error;
  }
  const fields = new Fields(values, "message");
  const type = fields.text("type");
  if (type === "error") return { type, ...errorFields(fields) };
  if (type === "welcome" && !welcomed) return { type, ...welcomeFields(fields) };
  if (!welcomed) throw new ProtocolError("the first message is neither welcome nor error");
  if (type === "result") return { type, ...resultFields(fields, words) };
  if (type === "pong") return { type, id: fields.whole("id") };
  throw new ProtocolError(`a message of type ${type.slice(0, 32)}`);
}

function errorFields(fields) {
  return { code: fields.oneOf("code", CODES), message: fields.text("message"), seq: fields.optional("seq", "whole") };
}

function welcomeFields(fields) {
  const version = fields.whole("version");
  if (version !== VERSION) throw new ProtocolError(`the server speaks version ${version}`, "version_mismatch");
  const limits = fields.nested("limits");
  return {
    session: fields.text("session"),
    limits: { frame_bytes: limits.whole("frame_bytes"), frame_pixels: limits.whole("frame_pixels") },
    note: fields.optional("note", "text", NOTE_CHARS),
  };
}

function resultFields(fields, words) {
  const timing = fields.nested("timing");
  const prompt = fields.optional("prompt", "text");
  return {
    seq: fields.whole("seq"),
    verdict: fields.oneOf("verdict", VERDICTS),
    faces: fields.items("faces", MAX_FACES).map((face, index) => faceFields(new Fields(face, `faces[${index}]`))),
    decision: fields.present("decision") ? decisionFields(fields.nested("decision")) : null,
    timing: { queue_ms: timing.number("queue_ms"), work_ms: timing.number("work_ms") },
    prompt: prompt !== null && Object.hasOwn(words.instructions, prompt) ? prompt : null,
    prompt_seconds: fields.optional("prompt_seconds", "number", 0),
    prompt_progress: fields.optional("prompt_progress", "number", -1, 1),
    next_ms: fields.optional("next_ms", "number", 0, NEXT_MS),
  };
}

function faceFields(fields) {
  const box = fields.items("box", 4);
  if (box.length !== 4 || !box.every(Number.isInteger)) throw new ProtocolError("a box is no four whole numbers");
  return {
    box,
    name: fields.optional("name", "text", NAME_CHARS),
    distance: fields.optional("distance", "number"),
    verdict: fields.oneOf("verdict", VERDICTS),
  };
}

function decisionFields(fields) {
  const names = fields.items("names", Infinity);
  if (!names.every((name) => typeof name === "string")) throw new ProtocolError("a name is no text");
  return {
    id: fields.text("id"),
    verdict: fields.oneOf("verdict", VERDICTS),
    names,
    reason: fields.text("reason"),
    note: fields.optional("note", "text", NOTE_CHARS),
    seq: fields.optional("seq", "whole"),
  };
}

/** Typed access to a decoded map; every failure names the field. */
class Fields {
  constructor(values, where) {
    if (values === null || typeof values !== "object" || Array.isArray(values) || values instanceof Uint8Array) {
      throw new ProtocolError(`${where} is no map`);
    }
    this.values = values;
    this.where = where;
  }

  check(key, right) {
    if (!right) throw new ProtocolError(`${this.where}.${key} is not as it should be`);
    return this.values[key];
  }

  present(key) {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  optional(key, kind, ...limits) {
    return this.present(key) ? this[kind](key, ...limits) : null;
  }

  text(key, most = 1024) {
    const value = this.values[key];
    return this.check(key, typeof value === "string" && [...value].length <= most);
  }

  whole(key) {
    return this.check(key, Number.isSafeInteger(this.values[key]) && this.values[key] >= 0);
  }

  number(key, least = -Infinity, most = Infinity) {
    const value = this.values[key];
    return this.check(key, Number.isFinite(value) && value >= least && value <= most);
  }

  oneOf(key, words) {
    return this.check(key, words.includes(this.values[key]));
  }

  items(key, most) {
    const value = this.values[key];
    return this.check(key, Array.isArray(value) && value.length <= most);
  }

  nested(key) {
    return new Fields(this.values[key] ?? null, `${this.where}.${key}`);
  }
}
