// The laboratory of pictures: a kernel of 3 by 3 over a picture that a visitor paints, and the core that does it.

const BOUNDARIES = ["constant", "edge", "reflect", "symmetric"];

// Where a place beside the picture is taken from; -1 is the fill.
function outside(at, size, boundary) {
  if (at >= 0 && at < size) return at;
  if (boundary === "constant") return -1;
  if (boundary === "edge") return clamp(at, 0, size - 1);
  if (boundary === "reflect") return at < 0 ? -at : 2 * size - 2 - at;
  return at < 0 ? -at - 1 : 2 * size - 1 - at; // symmetric
}

const turned = (kernel) => kernel.map((line) => [...line].reverse()).reverse();

class PictureLab {
  constructor(settings) {
    this.state = { picture: "photo", kernel: null, operation: "convolve", boundary: "edge", fill: 0, output: "exact", rounding: "half_up", overflow: "saturate", ...settings };
    this.image = page.data.pictures[this.state.picture].map((line) => [...line]);
    this.state.kernel = this.state.kernel.map((line) => [...line]);
    this.at = [8, 8];
    this.paint = 255;
    this.element = make("div", { class: "lab" });
  }

  async open() {
    this.core = await coreOf(coreName("picture", this.state));
    this.bench = new Bench(this.core);
    this.build();
    this.restart();
    return this;
  }

  close() {
    this.pipeline.stop();
  }

  // On the page the grids know their colours.
  shown() {
    this.go(...this.at);
  }

  build() {
    const size = this.image.length;
    this.inGrid = this.grid(say("picture in"), size, true);
    this.outGrid = this.grid(say("picture out"), size, false);
    this.pickers = make("div", { class: "pickers" });
    this.formula = make("p", { class: "formula" });
    this.verdict = make("p", { class: "verdict" });
    this.windowTable = make("div", { class: "window" });
    const maths = make(
      "section",
      { class: "card maths" },
      make("h3", {}, say("the mathematics")),
      this.pickers,
      make(
        "div",
        { class: "grids" },
        make("figure", {}, make("figcaption", {}, make("b", { class: "x" }, "x"), " ", say("picture in, to paint")), this.inGrid.canvas),
        make("figure", {}, make("figcaption", {}, make("b", { class: "y" }, "y"), " ", say("picture out, to point at")), this.outGrid.canvas),
      ),
      this.windowTable,
      this.formula,
      this.verdict,
    );
    this.pipeline = new Pipeline(this.bench, {
      tag: (number) => `y[${Math.floor(number / size)}, ${number % size}]`,
      moved: () => this.moved(),
      expected: () => size * size,
      speed: 5,
    });
    this.pipeline.restarted = () => this.restart();
    const hardware = make("section", { class: "card hardware" }, make("h3", {}, say("the hardware")), this.facts(), this.pipeline.element);
    this.element.replaceChildren(maths, hardware);
    this.pick();
  }

  facts() {
    const { spec } = this.core;
    return make("p", { class: "facts" }, say("facts", { latency: spec.latency, multipliers: spec.multipliers, registers: this.core.entries.register.size }));
  }

  pick() {
    const { state } = this;
    const set = (name) => (value) => {
      state[name] = value;
      this.restart();
    };
    this.pickers.replaceChildren(
      choice("picture", Object.keys(page.data.pictures).map((name) => [name, say(`picture ${name}`)]), state.picture, (name) => {
        state.picture = name;
        this.image = page.data.pictures[name].map((line) => [...line]);
        this.restart();
      }),
      choice("kernel", [["", say("own")], ...Object.keys(KERNELS).map((name) => [name, say(`kernel ${name}`)])], "", (name) => {
        if (!name) return;
        state.kernel = KERNELS[name].map((line) => [...line]);
        this.restart();
      }),
      choice("operation", [["convolve", say("convolve")], ["correlate", say("correlate")]], state.operation, set("operation")),
      choice("boundary", BOUNDARIES.map((name) => [name, say(`boundary ${name}`)]), state.boundary, set("boundary")),
      ...outputChoices(state, () => this.reopen()).filter(Boolean),
      make(
        "div",
        { class: "field" },
        make("span", {}, say("kernel h")),
        kernelInputs(state.kernel, -128, 127, (row, column, value) => {
          state.kernel[row][column] = value;
          this.restart();
        }),
      ),
    );
  }

  // What is chosen may be what was painted or typed.
  sync() {
    const flat = this.state.kernel.flat();
    this.pickers.querySelectorAll("select")[1].value = Object.keys(KERNELS).find((name) => KERNELS[name].flat().every((value, place) => value === flat[place])) ?? "";
    this.pickers.querySelectorAll(".kernel input").forEach((input, place) => (input.value = flat[place]));
  }

  async reopen() {
    this.close();
    await again(this);
    this.shown();
  }

  grid(name, size, painted) {
    const canvas = make("canvas", {
      width: size * 12,
      height: size * 12,
      tabindex: 0,
      role: "application",
      "aria-label": name,
      "aria-roledescription": say("grid of pixels"),
    });
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const inside = (part) => clamp(Math.floor(part * size), 0, size - 1);
      return [inside((event.clientY - box.top) / box.height), inside((event.clientX - box.left) / box.width)];
    };
    canvas.addEventListener("pointermove", (event) => {
      this.go(...place(event));
      if (painted && event.buttons & 1) this.brush();
    });
    canvas.addEventListener("pointerdown", (event) => {
      this.go(...place(event));
      if (painted) {
        const [row, column] = this.at;
        this.paint = this.image[row][column] > 127 ? 0 : 255;
        this.brush();
      }
    });
    canvas.addEventListener("keydown", (event) => {
      const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
      if (down || right) {
        this.go(clamp(this.at[0] + down, 0, size - 1), clamp(this.at[1] + right, 0, size - 1));
        announce(this.formula.textContent);
      } else if (painted && (event.key === " " || event.key === "Enter")) {
        this.paint = this.image[this.at[0]][this.at[1]] > 127 ? 0 : 255;
        this.brush();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return { canvas, context: canvas.getContext("2d"), size };
  }

  brush() {
    this.image[this.at[0]][this.at[1]] = this.paint;
    this.restart();
  }

  // The kernel as it lies on the picture.
  get laid() {
    return this.state.operation === "convolve" ? turned(this.state.kernel) : this.state.kernel;
  }

  restart() {
    const { state } = this;
    const size = this.image.length;
    const laid = this.laid;
    this.expected = [];
    this.sums = [];
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0;
        for (const [tap, value] of this.window(row, column, laid)) sum += tap * value;
        this.sums.push(sum);
        this.expected.push(shaped(this.core.spec, sum).value);
      }
    }
    // The core turns what it is loaded with, as it convolves: to correlate, it is loaded the other way round.
    const loaded = state.operation === "convolve" ? state.kernel : turned(state.kernel);
    this.bench.restart([frameOf(this.image, { boundary: BOUNDARIES.indexOf(state.boundary), fill: state.fill })], loaded.flat());
    this.sync();
    this.pipeline.again();
    this.go(...this.at);
  }

  // Tap and pixel of each place under the kernel.
  window(row, column, laid) {
    const size = this.image.length;
    const found = [];
    for (let down = 0; down < 3; down++) {
      for (let right = 0; right < 3; right++) {
        const y = outside(row + down - 1, size, this.state.boundary);
        const x = outside(column + right - 1, size, this.state.boundary);
        found.push([laid[down][right], y < 0 || x < 0 ? this.state.fill : this.image[y][x]]);
      }
    }
    return found;
  }

  moved() {
    const count = this.bench.results.length;
    const size = this.image.length;
    if (!this.pipeline.timer) setTimeout(() => announce(`${this.formula.textContent}. ${this.verdict.textContent}`));
    if (count) this.go(Math.floor((count - 1) / size), (count - 1) % size);
    else this.go(...this.at);
  }

  go(row, column) {
    this.at = [row, column];
    const { bench } = this;
    const size = this.image.length;
    this.draw(this.inGrid, (r, c) => this.image[r][c], [row - 1, column - 1, 3]);
    const top = Math.max(...this.expected, 1);
    const low = Math.min(...this.expected, 0);
    const scale = this.state.output === "exact" ? (value) => ((value - low) * 255) / Math.max(top - low, 1) : (value) => value;
    this.draw(this.outGrid, (r, c) => (bench.results[r * size + c] ? scale(bench.results[r * size + c].values[0]) : null), [row, column, 1]);
    const under = this.window(row, column, this.laid);
    this.windowTable.replaceChildren(
      ...[["window", "x", ([, value]) => value], ["kernel on it", "h", ([tap]) => tap], ["products", "p", ([tap, value]) => tap * value]].map(([key, colour, cell]) =>
        make("figure", {}, make("figcaption", { class: colour }, say(key)), make("div", { class: `nine ${colour}` }, under.map((pair) => make("span", {}, shownNumber(cell(pair)))))),
      ),
    );
    const place = row * size + column;
    const sum = this.sums[place];
    const result = bench.results[place]?.values[0];
    const told = result === undefined ? say("not yet") : shownNumber(result);
    this.formula.textContent = `y[${row}, ${column}] = ${shownNumber(sum)}${cutText(this.core.spec, sum)} ${say("hardware gives", { value: told })}`;
    const wrong = bench.results.filter((found, number) => found.values[0] !== this.expected[number]).length;
    judge(this.verdict, wrong > 0, { equal: bench.results.length - wrong, count: bench.results.length, all: size * size });
  }

  draw({ context, size, canvas }, value, [row, column, side]) {
    const pixel = canvas.width / size;
    const style = getComputedStyle(canvas);
    context.fillStyle = style.getPropertyValue("--empty");
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) {
        const grey = value(r, c);
        if (grey === null) continue;
        const shade = Math.round(clamp(grey, 0, 255));
        context.fillStyle = `rgb(${shade},${shade},${shade})`;
        context.fillRect(c * pixel, r * pixel, pixel, pixel);
      }
    }
    context.lineWidth = 2.5;
    context.strokeStyle = style.getPropertyValue("--mark");
    context.strokeRect(column * pixel + 1, row * pixel + 1, side * pixel - 2, side * pixel - 2);
  }
}

const KERNELS = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  blur: [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
  sharpen: [[0, -16, 0], [-16, 80, -16], [0, -16, 0]],
  "edges across": [[-16, 0, 16], [-32, 0, 32], [-16, 0, 16]],
  "edges down": [[-16, -32, -16], [0, 0, 0], [16, 32, 16]],
  emboss: [[-32, -16, 0], [-16, 16, 16], [0, 16, 32]],
  "shift": [[0, 0, 0], [0, 0, 16], [0, 0, 0]],
};
