// Small line charts as SVG, and tables that say the same.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { top: 12, right: 28, bottom: 44, left: 56 };

function part(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Where a value lies between the ends of an axis, 0 to 1.
export function share(axis, value) {
  const scale = axis.log ? Math.log10 : (number) => number;
  return (scale(value) - scale(axis.from)) / (scale(axis.to) - scale(axis.from));
}

function axes(svg, x, y, place, width, height) {
  for (const [value, text] of y.ticks) {
    const at = place(x.from, value)[1];
    svg.append(part("line", { class: "grid-line", x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at }));
    svg.append(part("text", { class: "tick", x: MARGIN.left - 8, y: at + 4, "text-anchor": "end" }, text));
  }
  for (const [value, text] of x.ticks) {
    const at = place(value, y.from)[0];
    const bottom = height - MARGIN.bottom;
    svg.append(part("line", { class: "tick-line", x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    svg.append(part("text", { class: "tick", x: at, y: bottom + 18, "text-anchor": "middle" }, text));
  }
  const middle = (MARGIN.left + width - MARGIN.right) / 2;
  svg.append(part("text", { class: "axis", x: middle, y: height - 6, "text-anchor": "middle" }, x.title));
}

// Draws into `holder`, and anew whenever its width changes. `x`, `y`: an axis each: title, from, to, log, ticks
// as [value, text]. `points`: [x, y] each. `mark`: where it holds now, [x, y, text], or null. `about`: all of it
// in a sentence.
export function lineChart(holder, { x, y, points, mark, about }) {
  const draw = () => {
    const width = Math.max(280, holder.clientWidth), height = 280;
    const place = (left, up) => [
      MARGIN.left + share(x, left) * (width - MARGIN.left - MARGIN.right),
      height - MARGIN.bottom - share(y, up) * (height - MARGIN.top - MARGIN.bottom),
    ];
    const svg = part("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": about });
    axes(svg, x, y, place, width, height);
    const line = points.map(([left, up], at) => `${at ? "L" : "M"}${place(left, up).join(" ")}`).join("");
    svg.append(part("path", { class: "line", d: line }));
    if (points.length < 40) {
      for (const [left, up] of points) {
        const [cx, cy] = place(left, up);
        svg.append(part("circle", { class: "dot", cx, cy, r: 3 }));
      }
    }
    if (mark) {
      const [cx, cy] = place(mark[0], mark[1]);
      const right = cx > width * 0.7;
      svg.append(part("line", { class: "present-line", x1: cx, x2: cx, y1: MARGIN.top, y2: height - MARGIN.bottom }));
      svg.append(part("circle", { class: "present", cx, cy, r: 6 }));
      svg.append(
        part("text", { class: "present-text", x: cx + (right ? -10 : 10), y: Math.max(cy - 12, MARGIN.top + 12), "text-anchor": right ? "end" : "start" }, mark[2]),
      );
    }
    holder.replaceChildren(svg);
  };
  holder.redraw?.disconnect();
  let known = 0;
  holder.redraw = new ResizeObserver(() => {
    if (holder.clientWidth !== known) {
      known = holder.clientWidth;
      draw();
    }
  });
  holder.redraw.observe(holder);
}

// `columns`: headings; those that begin with # are numbers. `rows`: texts.
export function table(columns, rows) {
  const made = document.createElement("table");
  const cell = (row, tag, text, column) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (column.startsWith("#")) element.className = "number";
    row.append(element);
    return element;
  };
  const head = made.createTHead().insertRow();
  for (const column of columns) cell(head, "th", column.replace(/^#/, ""), column).scope = "col";
  const body = made.createTBody();
  for (const texts of rows) {
    const row = body.insertRow();
    texts.forEach((text, at) => {
      const element = cell(row, at ? "td" : "th", text, columns[at]);
      if (!at) element.scope = "row";
    });
  }
  return made;
}
