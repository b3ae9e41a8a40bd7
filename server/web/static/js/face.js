// A frame of a recording, with a box around a face.

const NAMESPACE = "http://www.w3.org/2000/svg";

function element(name, attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// `picture`: {width, height, box: [top, right, bottom, left]}.
export function framed(address, picture, label) {
  const { width, height } = picture;
  const [top, right, bottom, left] = picture.box;
  const made = element("svg", { class: "frame", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  made.append(
    element("image", { href: address, width, height }),
    element("rect", { class: "shadow", x: left, y: top, width: right - left, height: bottom - top, rx: 4 }),
    element("rect", { class: "box", x: left, y: top, width: right - left, height: bottom - top, rx: 4 }),
  );
  return made;
}
