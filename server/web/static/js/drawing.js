// Pictures, and what was found on them.

const SIDE = 1200; // most pixels of a canvas
const COLOURS = { "Welcome in": "#3ddc84", "Go away": "#ff6b6b", none: "#ffffff" };

// The picture of a file, upright; null where this browser cannot read it.
export async function read(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    return null;
  }
}

// The same of a data: address.
export async function readAddress(address) {
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

// `size`: {width, height} in which places are told. `faces`: [{box, landmarks, label, verdict}].
export function draw(canvas, picture, size, faces) {
  const scale = Math.min(1, SIDE / Math.max(size.width, size.height));
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#222";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  if (picture) pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const unit = Math.max(1.5, Math.max(canvas.width, canvas.height) / 320);
  for (const face of faces) drawPoints(pen, face, scale);
  for (const face of faces) drawBox(pen, face, scale, unit, canvas);
}

function drawPoints(pen, face, scale) {
  const [, right, , left] = face.box;
  const radius = Math.max(0.6, (scale * (right - left)) / 110);
  pen.fillStyle = "rgb(255 255 255 / 80%)";
  for (const [x, y] of face.landmarks ?? []) {
    pen.beginPath();
    pen.arc((x + 0.5) * scale, (y + 0.5) * scale, radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

function drawBox(pen, face, scale, unit, canvas) {
  const [top, right, bottom, left] = face.box.map((side) => side * scale);
  pen.lineWidth = unit * 1.2;
  pen.strokeStyle = COLOURS[face.verdict] ?? COLOURS.none;
  pen.strokeRect(left, top, right - left, bottom - top);
  if (!face.label) return;
  pen.font = `600 ${unit * 8}px system-ui, sans-serif`;
  const width = pen.measureText(face.label).width + unit * 5;
  const height = unit * 11;
  const across = Math.max(0, Math.min(left, canvas.width - width));
  const down = bottom + height > canvas.height ? Math.max(0, top - height) : bottom;
  pen.fillStyle = "rgb(0 0 0 / 75%)";
  pen.fillRect(across, down, width, height);
  pen.fillStyle = "#fff";
  pen.fillText(face.label, across + unit * 2.5, down + unit * 8);
}
