// The laboratory of signals: what is convolved, how the kernel flips and slides, and the filter that does it.

const TAPS = 7;
const ROUNDINGS = ["half_up", "half_even", "half_away", "toward_zero", "floor"];
const OVERFLOWS = ["saturate", "wrap"];

const numberText = (value) => (value < 0 ? `(${shownNumber(value)})` : String(value));

// Inputs for a kernel's numbers, in rows.
function kernelInputs(rows, low, high, changed) {
  return make(
    "div",
    { class: "kernel", role: "group", "aria-label": say("kernel"), style: `--columns:${rows[0].length}` },
    rows.map((line, row) =>
      line.map((value, column) =>
        make("input", {
          type: "number",
          min: low,
          max: high,
          value,
          "aria-label": rows.length > 1 ? `h[${row}, ${column}]` : `h[${column}]`,
          onchange: (event) => {
            const number = clamp(Math.round(Number(event.target.value)) || 0, low, high);
            event.target.value = number;
            changed(row, column, number);
          },
        }),
      ),
    ),
  );
}

// Choices of the last stage, which are gateware: each is a core of its own.
function outputChoices(state, changed) {
  const eight = state.output === "8bit";
  const pick = (name) => (value) => {
    state[name] = value;
    changed();
  };
  return [
    choice("output", [["exact", say("exact")], ["8bit", say("8 bits")]], state.output, pick("output")),
    eight ? choice("rounding", ROUNDINGS.map((name) => [name, name]), state.rounding, pick("rounding")) : null,
    eight ? choice("overflow", OVERFLOWS.map((name) => [name, name]), state.overflow, pick("overflow")) : null,
  ];
}

// Whether the results that are here are the exact ones.
function judge(element, wrong, values) {
  element.textContent = say(!values.count ? "no results" : wrong ? "results differ" : "results equal", values);
  element.dataset.wrong = wrong;
}

// Opens a laboratory anew, on another core; what had the focus has it again.
async function again(lab) {
  const focus = [...lab.element.querySelectorAll("select")].indexOf(document.activeElement);
  await lab.open();
  if (focus >= 0) lab.element.querySelectorAll("select")[focus]?.focus();
}

const coreName = (base, state) => (state.output === "exact" ? `${base} exact` : `${base} 8bit ${state.rounding} ${state.overflow}`);

// How a sum becomes a result, in words.
function cutText(spec, sum) {
  const { rounded, value, cut } = shaped(spec, sum);
  if (!spec.shift) return "";
  const then = cut ? say(`${spec.overflow} gives`, { value: shownNumber(value) }) : "";
  return ` ${say("rounds to", { divisor: 2 ** spec.shift, exact: shownNumber(sum / 2 ** spec.shift), rounding: spec.rounding, rounded: shownNumber(rounded) })}${then}`;
}

class SignalLab {
  constructor(settings) {
    this.state = { signal: null, taps: null, operation: "convolve", output: "exact", rounding: "half_up", overflow: "saturate", ...settings };
    if (typeof this.state.signal === "string") this.state.signal = [...page.data.signals[this.state.signal]];
    this.state.taps = [...this.state.taps, ...Array(TAPS).fill(0)].slice(0, TAPS);
    this.cursor = settings.cursor ?? 4;
    this.element = make("div", { class: "lab" });
  }

  async open() {
    this.core = await coreOf(coreName("signal", this.state));
    this.bench = new Bench(this.core);
    this.build();
    this.restart();
    return this;
  }

  close() {
    this.pipeline.stop();
  }

  shown() {}

  build() {
    const { state } = this;
    const length = state.signal.length;
    this.outputs = length + TAPS - 1;
    const slots = this.outputs + TAPS - 1; // the kernel's room on the left
    this.first = TAPS - 1;
    this.x = new Stems({
      name: say("signal x"),
      slots,
      height: 120,
      colour: "x",
      change: (place, value) => {
        state.signal[place] = value;
        this.restart();
      },
    });
    this.h = new Stems({ name: say("kernel, flipped and slid"), slots, height: 110, colour: "h" });
    this.p = new Stems({ name: say("products"), slots, height: 110, colour: "p", numbers: false });
    this.y = new Stems({ name: say("result y"), slots, height: 140, colour: "y", numbers: false });
    this.formula = make("p", { class: "formula" });
    this.cursorInput = make("input", { type: "range", min: 0, max: this.outputs - 1, value: this.cursor });
    this.cursorInput.addEventListener("input", () => this.go(Number(this.cursorInput.value)));
    this.verdict = make("p", { class: "verdict" });
    this.captions = {};
    const row = (key, stems, symbol) => {
      const caption = make("figcaption", {}, make("b", { class: stems.colour }, symbol), " ", say(key));
      this.captions[key] = caption;
      return make("figure", {}, caption, stems.svg);
    };
    this.kernelFigure = row("kernel, flipped and slid", this.h, "h[n−k]");
    this.pickers = make("div", { class: "pickers" });
    const maths = make(
      "section",
      { class: "card maths" },
      make("h3", {}, say("the mathematics")),
      this.pickers,
      make(
        "div",
        { class: "plots", tabindex: 0, role: "region", "aria-label": say("plots, to scroll") },
        row("signal x", this.x, "x[k]"),
        this.kernelFigure,
        row("products", this.p, "h[n−k]·x[k]"),
        row("result y", this.y, "y[n]"),
      ),
      make("label", { class: "field wide" }, make("span", {}, say("slide n")), this.cursorInput),
      this.formula,
      this.verdict,
    );
    this.pipeline = new Pipeline(this.bench, {
      tag: (number) => `y[${number}]`,
      moved: () => this.moved(),
      expected: () => this.expected.length,
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
    const names = this.signalNames;
    const signals = [["", say("drawn")], ...names.map((name) => [name, say(`signal ${name}`)])];
    this.pickers.replaceChildren(
      choice("signal", signals, "", (name) => {
        if (!name) return;
        state.signal = [...page.data.signals[name]];
        this.restart();
      }),
      choice("operation", [["convolve", say("convolve")], ["correlate", say("correlate")]], state.operation, (value) => {
        state.operation = value;
        this.flip();
        this.restart();
      }),
      ...outputChoices(state, () => this.reopen()).filter(Boolean),
      make(
        "div",
        { class: "field" },
        make("span", {}, `${say("kernel")} h[0] … h[${TAPS - 1}]`),
        kernelInputs([state.taps], -128, 127, (_, column, value) => {
          state.taps[column] = value;
          this.restart();
        }),
      ),
    );
  }

  get signalNames() {
    return Object.keys(page.data.signals).filter((name) => page.data.signals[name].length === this.state.signal.length);
  }

  // What is chosen may be what was drawn or typed.
  sync() {
    const { signal, taps } = this.state;
    this.pickers.querySelector("select").value = this.signalNames.find((name) => page.data.signals[name].every((value, place) => value === signal[place])) ?? "";
    this.pickers.querySelectorAll(".kernel input").forEach((input, place) => (input.value = taps[place]));
  }

  async reopen() {
    this.close();
    await again(this);
  }

  // The kernel turns over before one's eyes.
  flip() {
    this.h.svg.classList.remove("flipping");
    void this.h.svg.getBoundingClientRect();
    this.h.svg.classList.add("flipping");
  }

  get loaded() {
    return this.state.operation === "convolve" ? this.state.taps : [...this.state.taps].reverse();
  }

  restart() {
    const { state } = this;
    this.sums = convolved(state.signal, this.loaded);
    this.expected = this.sums.map((sum) => shaped(this.core.spec, sum).value);
    this.bench.restart([frameOf([...state.signal, ...Array(TAPS - 1).fill(0)])], this.loaded);
    // The signal's range stays while somebody draws within it.
    const most = Math.max(...state.signal.map(Math.abs), 16) * 1.2;
    this.x.fit(state.signal, 0);
    this.x.high = clamp([24, 48, 64, 127].find((reach) => reach >= most) ?? 127, 0, 127);
    this.x.low = Math.min(...state.signal) < 0 ? -this.x.high : Math.round(-this.x.high / 4);
    this.h.fit(state.taps, 4);
    const products = state.taps.flatMap((tap) => state.signal.map((value) => tap * value));
    this.p.fit(products);
    this.y.fit(this.expected);
    this.captions["kernel, flipped and slid"].lastChild.textContent = say(state.operation === "convolve" ? "kernel, flipped and slid" : "kernel, slid");
    this.sync();
    this.pipeline.again();
    this.go(this.cursor);
  }

  // The results that have left show where one is looking.
  moved() {
    const count = this.bench.results.length;
    this.go(count ? count - 1 : this.cursor);
    if (!this.pipeline.timer) announce(`${this.formula.textContent}. ${this.verdict.textContent}`);
  }

  go(n) {
    const { state, bench } = this;
    this.cursor = n = clamp(n, 0, this.outputs - 1);
    this.cursorInput.value = n;
    this.cursorInput.setAttribute("aria-valuetext", `n = ${n}`);
    const { signal } = state;
    const flipped = [...this.loaded].reverse(); // the place k = n - T + 1 comes first
    const begin = n - TAPS + 1;
    const products = flipped.map((tap, place) => (signal[begin + place] === undefined ? null : tap * signal[begin + place]));
    const span = [this.first + begin, this.first + n];
    this.x.update(signal, { first: this.first, span });
    this.h.update(flipped, { first: this.first + begin, span });
    this.p.update(products, { first: this.first + begin, span });
    const given = this.expected.map((_, place) => bench.results[place]?.values[0] ?? null);
    const wrong = given.map((value, place) => value !== null && value !== this.expected[place]);
    this.y.update(this.expected, { first: this.first, lit: n, given, wrong });
    const terms = [];
    this.loaded.forEach((tap, k) => {
      if (signal[n - k] !== undefined && tap) terms.push(`${numberText(tap)}·${numberText(signal[n - k])}`);
    });
    this.formula.textContent = `y[${n}] = ${terms.join(" + ") || "0"} = ${shownNumber(this.sums[n])}${cutText(this.core.spec, this.sums[n])}`;
    const equal = given.filter((value, place) => value !== null && value === this.expected[place]).length;
    const count = bench.results.length;
    judge(this.verdict, wrong.some(Boolean), { equal, count, all: this.expected.length });
  }
}
