// Elements, words, and the plots that a visitor can draw into.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "rect", "circle", "path", "text"].includes(tag);
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

const page = { words: {}, language: "en", data: {}, cores: {} };

// A word of the page in the language that is chosen; {name} in it is replaced.
function say(key, values = {}) {
  const text = page.words[page.language][key];
  if (text === undefined) throw new Error(`no word for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const opened = new Map();

// A core by its name, made once.
async function coreOf(name) {
  if (!opened.has(name)) opened.set(name, Core.open(page.cores[name]));
  return opened.get(name);
}

function button(key, action, more = {}) {
  return make("button", { type: "button", onclick: action, ...more }, say(key));
}

function choice(key, values, chosen, action) {
  const options = values.map(([value, text]) => make("option", { value, selected: value === chosen }, text));
  return make("label", { class: "field" }, make("span", {}, say(key)), make("select", { onchange: (event) => action(event.target.value) }, options));
}

// `shown` makes of its number what the words of the key have in {value}.
function slider(key, min, max, value, action, shown = String) {
  const input = make("input", { type: "range", min, max, value });
  const text = make("span");
  const name = () => {
    text.textContent = say(key, { value: shown(Number(input.value)) });
    input.setAttribute("aria-valuetext", shown(Number(input.value)));
  };
  input.addEventListener("input", () => {
    name();
    action(Number(input.value));
  });
  name();
  return make("label", { class: "field" }, text, input);
}

// To a screen reader, once something has come to rest.
function announce(text) {
  document.getElementById("announced").textContent = text;
}

// A number for people: its minus is as wide as its plus.
const shownNumber = (value) => String(value).replace("-", "−");

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

// Stems on an axis of `slots` places. `update` draws: values, the place of the first, which one is lit, which are marked.
class Stems {
  constructor({ name, slots, low, high, height = 92, colour, change = null, numbers = true }) {
    Object.assign(this, { name, slots, low, high, height, colour, change, numbers });
    this.wide = 26;
    this.svg = make("svg", {
      class: `stems ${colour}`,
      viewBox: `0 0 ${this.wide * slots + 16} ${height}`,
      style: `max-width:${1.4 * (this.wide * slots + 16)}px`,
      role: change ? "group" : "img",
      "aria-label": name,
    });
    this.values = [];
    if (change) {
      this.svg.addEventListener("pointerdown", (event) => {
        this.svg.setPointerCapture(event.pointerId);
        this.draw(event);
      });
      this.svg.addEventListener("pointermove", (event) => event.buttons & 1 && this.draw(event));
    }
  }

  // The range for numbers: as much below zero as they need, and some room to draw.
  fit(values, least = 8, room = 1) {
    const high = Math.max(...values, least) * room;
    const low = Math.min(...values, 0) * room;
    this.high = high;
    this.low = Math.min(low, -high / 4);
  }

  y(value) {
    const room = this.height - 46;
    return 20 + room - ((clamp(value, this.low, this.high) - this.low) / (this.high - this.low)) * room;
  }

  x(slot) {
    return 8 + this.wide * (slot + 0.5);
  }

  draw(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = box.width / (this.wide * this.slots + 16);
    const slot = Math.floor(((event.clientX - box.left) / scale - 8) / this.wide);
    const place = slot - this.first;
    if (place < 0 || place >= this.values.length) return;
    const room = this.height - 46;
    const part = 1 - ((event.clientY - box.top) / scale - 20) / room;
    this.change(place, Math.round(clamp(this.low + part * (this.high - this.low), this.low, this.high)));
  }

  update(values, { first = 0, lit = null, given = null, span = null, wrong = null } = {}) {
    this.values = values;
    this.first = first;
    const zero = this.y(0);
    const parts = [make("line", { class: "zero", x1: 4, x2: this.wide * this.slots + 12, y1: zero, y2: zero })];
    if (span) parts.push(make("rect", { class: "span", x: this.x(span[0]) - 13, y: 1, width: 26 * (span[1] - span[0] + 1), height: this.height - 2, rx: 5 }));
    values.forEach((value, place) => {
      const slot = first + place;
      if (slot < 0 || slot >= this.slots || value === null) return;
      const x = this.x(slot);
      const y = this.y(value);
      const state = (lit === place ? " lit" : "") + (given && given[place] !== null ? " given" : "") + (wrong && wrong[place] ? " wrong" : "");
      const group = make("g", { class: `stem${state}` });
      group.append(
        make("line", { x1: x, x2: x, y1: zero, y2: y }),
        make("circle", { cx: x, cy: y, r: 4 }),
      );
      // A zero needs no number; where there is little room, only the one that is looked at has its own.
      if (value !== 0 && (this.numbers || lit === place)) group.append(make("text", { x, y: value < 0 ? y + 18 : y - 8 }, shownNumber(value)));
      if (this.change) this.handle(group, place, value);
      parts.push(group);
    });
    const focused = this.svg.contains(document.activeElement) ? this.focused : null;
    this.svg.replaceChildren(...parts);
    if (focused !== null) this.focus(focused);
  }

  // A stem as a slider of the keyboard: up and down change it, left and right go to its neighbours.
  handle(group, place, value) {
    group.setAttribute("role", "slider");
    group.setAttribute("tabindex", place === (this.focused ?? 0) ? 0 : -1);
    group.setAttribute("aria-label", `${this.name} [${place}]`);
    group.setAttribute("aria-valuemin", this.low);
    group.setAttribute("aria-valuemax", this.high);
    group.setAttribute("aria-valuenow", value);
    group.addEventListener("focus", () => (this.focused = place));
    group.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      const go = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by === undefined && go === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      if (by !== undefined) this.change(place, clamp(value + by, this.low, this.high));
      else this.focus(clamp(place + go, 0, this.values.length - 1));
    });
  }

  focus(place) {
    this.focused = place;
    const stems = [...this.svg.querySelectorAll('[role="slider"]')];
    stems.forEach((stem, number) => stem.setAttribute("tabindex", number === place ? 0 : -1));
    if (stems[place]) stems[place].focus();
  }
}

// From when to when a signal lasts.
const seconds = (signal, rate) => ["0 s", `${(signal.length / rate).toFixed(1)} s`];

// Curves, or `dots`, each {values, colour, dots, of}, with room for `of` values; the vertical range is that of all. Its ends
// stand at the left, and those `across` below: the places of the first and the last value, if nothing else is given.
function curves(name, lines, { height = 150, low = null, high = null, across = null } = {}) {
  const all = [0, ...lines.flatMap((line) => line.values)];
  const bottom = low ?? Math.min(...all);
  const top = Math.max(high ?? Math.max(...all), bottom + 1e-9);
  const svg = make("svg", { class: "curves", viewBox: `0 0 720 ${height}`, role: "img", "aria-label": name });
  const y = (value) => 6 + (height - 12) * (1 - (value - bottom) / (top - bottom));
  if (bottom < 0 && top > 0) svg.append(make("line", { class: "zero", x1: 0, x2: 720, y1: y(0), y2: y(0) }));
  for (const { values, colour, dots, of = values.length } of lines) {
    const step = 720 / Math.max(of - 1, 1);
    if (dots) {
      values.forEach((value, place) => svg.append(make("circle", { class: `dot ${colour}`, cx: place * step, cy: y(value), r: 3.5 })));
      continue;
    }
    const path = values.map((value, place) => `${place ? "L" : "M"}${(place * step).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    svg.append(make("path", { class: `curve ${colour}`, d: path }));
  }
  const places = Math.max(...lines.map(({ values, of = values.length }) => of));
  const end = (value) => shownNumber(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  return make(
    "div",
    { class: "plotted" },
    make("div", { class: "ends up" }, make("span", {}, end(top)), make("span", {}, end(bottom))),
    svg,
    make("div", { class: "ends" }, (across ?? [0, places - 1]).map((text) => make("span", {}, String(text)))),
  );
}
