// A picture of the camera as the server takes it: small enough in pixels and in bytes; never mirrored.

import { thumbnail, thumbnailSize } from "./idle.js";

export const LONGER_SIDE = 640;
export const QUALITIES = [0.85, 0.7, 0.55, 0.4]; // below the last, blocks disturb more than fewer pixels do
export const SHRINK = 0.8;
export const SMALLEST_WIDTH = 32; // a narrower picture shows no face

/** No useful picture fits the server's limits. */
export class LimitsTooSmallError extends Error {}

/** Owns the canvases that pictures of one video are drawn on. */
export class Pictures {
  #video;
  #small = canvas(true);
  #large = canvas(false);

  constructor(video) {
    this.#video = video;
  }

  /** Whether there is a picture at all. */
  get ready() {
    return this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && this.#video.videoWidth > 0;
  }

  thumbnail() {
    const [width, height] = thumbnailSize(this.#video.videoWidth, this.#video.videoHeight);
    return thumbnail(drawn(this.#small, this.#video, width, height).getImageData(0, 0, width, height));
  }

  /** {jpeg, width, height}: lowers the quality first, then the size. Throws LimitsTooSmallError. */
  async encode(limits) {
    const [width, height] = [this.#video.videoWidth, this.#video.videoHeight];
    let scale = Math.min(1, LONGER_SIDE / Math.max(width, height), Math.sqrt(limits.frame_pixels / (width * height)));
    for (; width * scale >= SMALLEST_WIDTH; scale *= SHRINK) {
      const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
      if (columns * rows > limits.frame_pixels) continue;
      drawn(this.#large, this.#video, columns, rows);
      for (const quality of QUALITIES) {
        const jpeg = await encoded(this.#large, quality);
        if (jpeg.length <= limits.frame_bytes) return { jpeg, width: columns, height: rows };
      }
    }
    throw new LimitsTooSmallError("no picture fits the limits of the server");
  }
}

function canvas(read) {
  const element = document.createElement("canvas");
  element.getContext("2d", { alpha: false, willReadFrequently: read });
  return element;
}

/** The context of a canvas on which the video's picture has just been drawn in this size. */
function drawn(onto, video, width, height) {
  if (onto.width !== width || onto.height !== height) [onto.width, onto.height] = [width, height];
  const context = onto.getContext("2d");
  context.imageSmoothingQuality = "medium";
  context.drawImage(video, 0, 0, width, height);
  return context;
}

function encoded(from, quality) {
  return new Promise((resolve, reject) => {
    from.toBlob(
      (blob) => (blob ? blob.arrayBuffer().then((buffer) => resolve(new Uint8Array(buffer)), reject) : reject(new Error("no JPEG could be made"))),
      "image/jpeg",
      quality,
    );
  });
}
