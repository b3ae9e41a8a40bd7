// msgpack, as far as the protocol uses it: maps with string keys, arrays, strings, binary, numbers, booleans,
// nil. What arrives is bounded as in wire/framing.py; anything else throws MalformedError.

export const MAX_ITEMS = 1024;
export const MAX_TEXT_BYTES = 4096;
const MAX_DEPTH = 16; // a message of the protocol needs five

export class MalformedError extends Error {}

/** The bytes of `value`: null, a number not below 0, a string, a Uint8Array, or an object of them. */
export function encode(value) {
  const parts = [];
  write(value, parts);
  return joined(parts);
}

export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function write(value, parts) {
  if (value === null) parts.push(Uint8Array.of(0xc0));
  else if (typeof value === "number") parts.push(Number.isInteger(value) ? whole(value) : real(value));
  else if (typeof value === "string") writeText(value, parts);
  else if (value instanceof Uint8Array) parts.push(Uint8Array.of(0xc6, ...bigEndian(value.length, 4)), value);
  else writeMap(Object.entries(value), parts);
}

function writeText(text, parts) {
  const bytes = new TextEncoder().encode(text);
  parts.push(bytes.length < 32 ? Uint8Array.of(0xa0 | bytes.length) : Uint8Array.of(0xdb, ...bigEndian(bytes.length, 4)));
  parts.push(bytes);
}

function writeMap(entries, parts) {
  if (entries.length > 15) throw new RangeError("no message has so many fields");
  parts.push(Uint8Array.of(0x80 | entries.length));
  for (const [key, value] of entries) {
    writeText(key, parts);
    write(value, parts);
  }
}

function whole(number) {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${number} is no whole number from 0`);
  if (number < 128) return Uint8Array.of(number);
  return number < 2 ** 32
    ? Uint8Array.of(0xce, ...bigEndian(number, 4))
    : Uint8Array.of(0xcf, ...bigEndian(number, 8));
}

function real(number) {
  const bytes = Uint8Array.of(0xcb, ...bigEndian(0, 8));
  new DataView(bytes.buffer).setFloat64(1, number);
  return bytes;
}

function bigEndian(number, count) {
  return Array.from({ length: count }, (_, index) => Math.floor(number / 256 ** (count - 1 - index)) % 256);
}

/** The one value that `bytes` hold. Maps have no prototype, so that no key means anything else. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.offset !== bytes.length) throw new MalformedError("something follows the message");
  return value;
}

class Reader {
  constructor(bytes) {
    this.offset = 0;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  }

  value(depth) {
    if (depth > MAX_DEPTH) throw new MalformedError("it is nested too deeply");
    const code = this.view.getUint8(this.take(1));
    if (code < 0x80) return code;
    if (code < 0x90) return this.map(code & 15, depth);
    if (code < 0xa0) return this.array(code & 15, depth);
    if (code < 0xc0) return this.string(code & 31);
    if (code >= 0xe0) return code - 256;
    return this.long(code, depth);
  }

  long(code, depth) {
    switch (code) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.binary(this.length(1));
      case 0xc5: return this.binary(this.length(2));
      case 0xc6: return this.binary(this.length(4));
      case 0xca: return this.view.getFloat32(this.take(4));
      case 0xcb: return this.view.getFloat64(this.take(8));
      case 0xcc: return this.length(1);
      case 0xcd: return this.length(2);
      case 0xce: return this.length(4);
      case 0xcf: return safe(this.view.getBigUint64(this.take(8)));
      case 0xd0: return this.view.getInt8(this.take(1));
      case 0xd1: return this.view.getInt16(this.take(2));
      case 0xd2: return this.view.getInt32(this.take(4));
      case 0xd3: return safe(this.view.getBigInt64(this.take(8)));
      case 0xd9: return this.string(this.length(1));
      case 0xda: return this.string(this.length(2));
      case 0xdb: return this.string(this.length(4));
      case 0xdc: return this.array(this.length(2), depth);
      case 0xdd: return this.array(this.length(4), depth);
      case 0xde: return this.map(this.length(2), depth);
      case 0xdf: return this.map(this.length(4), depth);
      default: throw new MalformedError("a type that is no part of the protocol");
    }
  }

  /** Where the next `count` bytes begin, which are then behind. */
  take(count) {
    const start = this.offset;
    if (start + count > this.bytes.length) throw new MalformedError("it ends too early");
    this.offset += count;
    return start;
  }

  length(size) {
    const start = this.take(size);
    return size === 1 ? this.view.getUint8(start) : size === 2 ? this.view.getUint16(start) : this.view.getUint32(start);
  }

  binary(length) {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  string(length) {
    if (length > MAX_TEXT_BYTES) throw new MalformedError("a text is too long");
    try {
      return this.text.decode(this.binary(length));
    } catch (error) {
      throw error instanceof MalformedError ? error : new MalformedError("a text is not UTF-8");
    }
  }

  array(length, depth) {
    this.bound(length);
    return Array.from({ length }, () => this.value(depth + 1));
  }

  map(length, depth) {
    this.bound(length);
    const values = Object.create(null);
    for (let index = 0; index < length; index += 1) {
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw new MalformedError("a key is no string");
      values[key] = this.value(depth + 1);
    }
    return values;
  }

  bound(length) {
    if (length > MAX_ITEMS) throw new MalformedError("it has too many items");
  }
}

function safe(number) {
  const rounded = Number(number);
  if (!Number.isSafeInteger(rounded)) throw new MalformedError("a number is too large");
  return rounded;
}
