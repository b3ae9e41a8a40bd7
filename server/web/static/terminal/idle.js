// The idle rate: while nothing moves and nobody is seen, few pictures are worth sending, as in
// client/connection/idle.py, which gives the reasons for each number. Pure.

export const IDLE_SECONDS = 0.5;
export const HOLD_SECONDS = 2;
export const SHORTER_SIDE = 120;
export const BLOCK = 4;
export const MOVED_BLOCKS = 2;
export const NOISE = 8;
export const LIGHT = 0.06;

/** Columns and rows of the thumbnail of a picture: whole blocks, the shorter side from SHORTER_SIDE to twice that. */
export function thumbnailSize(width, height) {
  let scale = 1;
  while (Math.min(width, height) / scale >= 2 * SHORTER_SIDE) scale *= 2;
  return [width, height].map((side) => Math.max(BLOCK, Math.round(side / scale / BLOCK) * BLOCK));
}

/** A thumbnail, {width, height, grey: Uint8Array}, from the pixels of a canvas. */
export function thumbnail(image) {
  const grey = new Uint8Array(image.width * image.height);
  for (let cell = 0, at = 0; cell < grey.length; cell += 1, at += 4) {
    grey[cell] = 0.299 * image.data[at] + 0.587 * image.data[at + 1] + 0.114 * image.data[at + 2] + 0.5;
  }
  return { width: image.width, height: image.height, grey };
}

/** What each block of a picture may become while nothing moves. */
export class StillRange {
  #lowest;
  #highest;
  #width;
  #height;

  constructor(of) {
    [this.#width, this.#height] = [of.width, of.height];
    // a camera that shakes puts one of the neighbouring cells in a cell's place
    this.#lowest = blocks(neighbours(of, Math.min)).map((level) => level * (1 - LIGHT) - NOISE);
    this.#highest = blocks(neighbours(of, Math.max)).map((level) => level * (1 + LIGHT) + NOISE);
  }

  /** Whether a picture differs from this one by noise, light and shaking only. */
  holds(other) {
    if (other.width !== this.#width || other.height !== this.#height) return false;
    let moved = 0;
    blocks(other).forEach((level, index) => {
      if (level < this.#lowest[index] || level > this.#highest[index]) moved += 1;
    });
    return moved < MOVED_BLOCKS;
  }
}

/** Of each cell and the eight around it the darkest or the brightest: first along the rows, then the columns. */
function neighbours({ width, height, grey }, choose) {
  const rows = new Uint8Array(grey.length);
  const all = new Uint8Array(grey.length);
  for (let at = 0; at < grey.length; at += 1) {
    const x = at % width;
    rows[at] = choose(grey[at], grey[x > 0 ? at - 1 : at], grey[x < width - 1 ? at + 1 : at]);
  }
  for (let at = 0; at < grey.length; at += 1) {
    all[at] = choose(rows[at], rows[at >= width ? at - width : at], rows[at + width < grey.length ? at + width : at]);
  }
  return { width, height, grey: all };
}

/** The mean of each block, row by row. */
function blocks({ width, height, grey }) {
  const columns = width / BLOCK;
  const means = new Float32Array((columns * height) / BLOCK);
  for (let at = 0; at < grey.length; at += 1) {
    const row = Math.floor(at / width / BLOCK);
    means[row * columns + Math.floor((at % width) / BLOCK)] += grey[at] / BLOCK ** 2;
  }
  return means;
}

/** Decides for each picture of one connection. */
export class IdleRate {
  #still = null;
  #sent = -Infinity;
  #stirred = -Infinity; // when something was last seen to move, or a face, or the server could not look
  #empty = -Infinity; // when the newest picture was taken in which the server found nobody

  /** Whether to send the picture of a thumbnail, which then counts as sent. */
  due(of, captured) {
    if (this.#still === null || !this.#still.holds(of)) this.#stirred = captured;
    const atRest = this.#empty >= this.#stirred && captured - this.#stirred >= HOLD_SECONDS;
    if (atRest && captured - this.#sent < IDLE_SECONDS) return false;
    this.#sent = captured;
    this.#still = new StillRange(of);
    return true;
  }

  /** The server has found `nobody` in the picture captured then; false also where it could not look. */
  answered(captured, nobody) {
    if (nobody) this.#empty = captured;
    else this.#stirred = Math.max(this.#stirred, captured);
  }
}
