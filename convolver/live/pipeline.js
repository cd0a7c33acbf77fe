// The hardware beside the mathematics: its streams, its registers clock by clock, and the controls that clock it.

// The clocks a second that the speeds stand for.
const SPEEDS = [1, 2, 4, 8, 16, 60, 600];

class Pipeline {
  // `tag` names a result by its number; `moved` is told after each clock.
  constructor(bench, { tag, moved, expected, speed = 2 }) {
    Object.assign(this, { bench, tag, moved, expected, speed });
    this.timer = null;
    this.element = make("div", { class: "pipeline" });
    this.build();
    this.refresh();
  }

  build() {
    const scene = this.bench.core.spec.scene;
    this.runButton = button("run", () => this.toggle(), { class: "primary" });
    this.clockText = make("output", { class: "clock" });
    const source = make("input", { type: "checkbox", checked: true, onchange: (event) => this.set("source", event.target.checked) });
    const sink = make("input", { type: "checkbox", checked: true, onchange: (event) => this.set("sink", event.target.checked) });
    this.switches = { source, sink };
    const controls = make(
      "div",
      { class: "controls", role: "group", "aria-label": say("clock controls") },
      this.runButton,
      button("step", () => this.step()),
      button("to the end", () => this.finish()),
      button("restart", () => this.restarted && this.restarted()),
      slider("speed", 0, SPEEDS.length - 1, this.speed, (value) => (this.speed = value), (value) => String(SPEEDS[value])),
      this.clockText,
    );
    this.inLamp = lamp();
    this.outLamp = lamp();
    const streams = make(
      "div",
      { class: "streams" },
      make("div", { class: "stream in" }, make("h4", {}, say("samples in")), this.inLamp.element, make("label", {}, source, say("source offers"))),
      make("div", { class: "stream out" }, make("h4", {}, say("results out")), this.outLamp.element, make("label", {}, sink, say("sink takes"))),
    );
    this.element.replaceChildren(controls, streams);
    if (scene.columns) this.element.append(this.table(scene.columns));
    this.element.append(this.registers(scene.modules));
  }

  table(columns) {
    const { core } = this.bench;
    this.columns = [];
    const strip = make("div", { class: "stages", role: "group", "aria-label": say("registers of the pipeline") });
    for (const column of columns) {
      if (column.what === "lines") continue;
      const tag = make("span", { class: "tag" });
      const cells = column.cells.map((name) => ({ name, element: make("span", { class: "cell", title: name }) }));
      const square = column.what !== "sums" && column.cells.length === 9 ? " square" : "";
      const name = say(`stage ${column.what}`);
      const element = make(
        "div",
        { class: `stage ${column.what.replace(/ /g, "-")}${square}`, role: "group", "aria-label": name },
        make("h5", {}, name),
        tag,
        make("div", { class: "cells" }, cells.map((cell) => cell.element)),
      );
      strip.append(element);
      this.columns.push({ ...column, name, element, tag, cells });
    }
    // What is queued behind the last stage: its count is known from what went in and what came out.
    this.queue = make("span", { class: "cell" });
    this.queueTag = make("span", { class: "tag" });
    strip.append(make("div", { class: "stage queue" }, make("h5", {}, say("stage queue")), this.queueTag, make("div", { class: "cells" }, this.queue)));
    const lines = columns.find((column) => column.what === "lines");
    const parts = [strip];
    if (lines) {
      this.lines = { ...lines, element: make("div", { class: "linebuffer", tabindex: 0, role: "region", "aria-label": say("line buffer") }) };
      this.lineWidth = core.entries.memory.get(lines.memory).width;
      parts.push(make("h4", {}, say("line buffer")), this.lines.element);
    }
    return make("div", {}, parts);
  }

  registers(modules) {
    this.watched = [];
    const list = make("div", { class: "registers" });
    const details = make("details", {}, make("summary", {}, say("all registers", { count: Object.values(modules).flat().length })), list);
    details.open = !this.columns; // what else is there to see
    details.addEventListener("toggle", () => {
      if (details.open && !this.watched.length) {
        for (const [module, names] of Object.entries(modules)) {
          const rows = names.map((name) => {
            const value = make("td");
            this.watched.push([name, value]);
            return make("tr", {}, make("th", { scope: "row" }, name.slice(name.lastIndexOf(".") + 1)), value);
          });
          list.append(make("table", {}, make("caption", {}, module), make("tbody", {}, rows)));
        }
      }
      this.refresh();
    });
    this.details = details;
    return details;
  }

  set(side, on) {
    this.bench[side] = on;
    this.bench.look();
    this.refresh();
  }

  done() {
    return this.bench.results.length >= this.expected();
  }

  step() {
    this.bench.clock();
    this.refresh();
    this.moved();
    if (this.done()) this.stop();
  }

  finish() {
    this.stop();
    for (const side of ["source", "sink"]) {
      this.switches[side].checked = this.bench[side] = true;
    }
    this.bench.look();
    for (let clock = 0; !this.done() && clock < 100000; clock++) this.bench.clock();
    this.refresh();
    this.moved();
  }

  toggle() {
    if (this.timer !== null) return this.stop();
    if (this.done() && this.restarted) this.restarted();
    this.runButton.textContent = say("pause");
    let before = performance.now();
    let owed = 1;
    const frame = (now) => {
      owed += ((now - before) * SPEEDS[this.speed]) / 1000;
      before = now;
      owed = Math.min(owed, 40);
      let moved = false;
      for (; owed >= 1 && !this.done(); owed--, moved = true) this.bench.clock();
      if (moved) {
        this.refresh();
        this.moved();
      }
      if (this.done()) this.stop();
      else this.timer = requestAnimationFrame(frame);
    };
    this.timer = requestAnimationFrame(frame);
  }

  stop() {
    if (this.timer !== null) cancelAnimationFrame(this.timer);
    this.timer = null;
    this.runButton.textContent = say("run");
  }

  // After the bench was started anew.
  again() {
    this.stop();
    for (const side of ["source", "sink"]) this.bench[side] = this.switches[side].checked;
    this.bench.look();
    this.refresh();
  }

  refresh() {
    const { bench } = this;
    const { core } = bench;
    this.clockText.textContent = say("clock {time}", { time: bench.time });
    const beat = bench.beats[bench.sent];
    this.inLamp.show(bench.offered, bench.inReady, bench.offered ? beat.values.join(" ") : "");
    this.outLamp.show(bench.outValid, bench.sink, bench.outValid ? bench.outValues.join(" ") : "");
    let arrived = 0;
    for (const column of this.columns || []) {
      const number = bench.inside(column.behind);
      const valid = number >= 0;
      column.tag.textContent = valid ? this.tag(number) : "–";
      column.tag.dataset.hue = valid ? number % 6 : "";
      for (const { name, element } of column.cells) {
        element.textContent = shownNumber(core.register(name));
        element.classList.toggle("idle", !valid);
      }
      arrived = column.behind;
      // While it runs nobody can listen to it.
      if (this.timer === null) {
        const inside = valid ? this.tag(number) : "";
        column.element.setAttribute("aria-label", `${column.name} ${inside}`);
      }
    }
    if (this.columns) {
      const out = bench.operands.slice(0, Math.max(bench.time - arrived, 0)).filter((number) => number >= 0).length;
      const waiting = out - bench.results.length;
      this.queue.textContent = waiting;
      this.queueTag.textContent = waiting > 0 ? this.tag(bench.results.length) : "–";
      this.queueTag.dataset.hue = waiting > 0 ? bench.results.length % 6 : "";
    }
    if (this.lines) this.showLines();
    if (this.details.open) for (const [name, element] of this.watched) element.textContent = core.register(name);
  }

  showLines() {
    const { core } = this.bench;
    const entry = core.entries.memory.get(this.lines.memory);
    const pixel = core.spec.sample.width;
    const count = Math.floor(entry.width / pixel);
    if (!this.lines.cells) {
      this.lines.cells = Array.from({ length: count }, () => Array.from({ length: this.lines.depth }, () => make("i", {})));
      this.lines.element.replaceChildren(...this.lines.cells.map((row) => make("div", {}, row)));
    }
    for (let column = 0; column < this.lines.depth; column++) {
      const word = core.word(entry, column);
      for (let row = 0; row < count; row++) {
        const value = Number(BigInt.asUintN(pixel, word >> BigInt(pixel * row)));
        const element = this.lines.cells[row][column];
        element.style.background = `rgb(${value},${value},${value})`;
        element.title = value;
      }
    }
  }
}

// Two lights and a number: valid, ready, and what is transferred where both are lit.
function lamp() {
  const valid = make("span", { class: "light" }, "valid");
  const ready = make("span", { class: "light" }, "ready");
  const value = make("output", { class: "payload" });
  const element = make("div", { class: "lamp" }, valid, ready, value);
  return {
    element,
    show(isValid, isReady, text) {
      valid.dataset.on = isValid;
      ready.dataset.on = isReady;
      element.dataset.moves = isValid && isReady;
      value.textContent = text === "" ? "–" : shownNumber(text);
      valid.setAttribute("aria-label", `valid ${isValid ? 1 : 0}`);
      ready.setAttribute("aria-label", `ready ${isReady ? 1 : 0}`);
    },
  };
}
