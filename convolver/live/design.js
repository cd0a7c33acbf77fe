// Any design on a page of its own: its core, clocked by hand, beside what the golden model says.

class DesignLab {
  constructor(settings) {
    this.design = settings;
    this.example = 0;
    this.element = make("div", { class: "lab" });
  }

  async open() {
    this.bench = new Bench(await coreOf("design"));
    this.pipeline = new Pipeline(this.bench, {
      tag: (number) => `y[${this.place(number)}]`,
      moved: () => {
        this.show();
        if (!this.pipeline.timer) announce(this.verdict.textContent);
      },
      expected: () => this.frame.expected.length,
    });
    this.pipeline.restarted = () => this.restart();
    this.pickers = make(
      "div",
      { class: "pickers" },
      choice("example", this.design.examples.map((example, number) => [String(number), say(`example ${example.name}`)]), String(this.example), (value) => {
        this.example = Number(value);
        this.restart();
      }),
    );
    this.plots = make("div", { class: "plots", tabindex: 0, role: "region", "aria-label": say("plots, to scroll") });
    this.list = make("div", { class: "results", tabindex: 0, role: "region", "aria-label": say("results, to scroll") });
    this.verdict = make("p", { class: "verdict" });
    const { spec } = this.bench.core;
    const facts = make("p", { class: "facts" }, say("facts", { latency: spec.latency, multipliers: spec.multipliers, registers: this.bench.core.entries.register.size }));
    this.element.replaceChildren(
      make("section", { class: "card maths" }, make("h3", {}, say("what goes in and comes out")), this.pickers, this.plots, this.verdict, this.list),
      make("section", { class: "card hardware" }, make("h3", {}, say("the hardware")), facts, this.pipeline.element),
    );
    this.restart();
    return this;
  }

  close() {
    this.pipeline.stop();
  }

  shown() {}

  get frame() {
    return this.design.examples[this.example];
  }

  // A result's place: a number of a signal, row and column of an image.
  place(number) {
    const { resultSize } = this.frame;
    const across = Math.ceil(resultSize.at(-1) / Math.max(this.frame.expected[0]?.length ?? 1, 1)) || 1;
    return resultSize.length === 1 ? number : `${Math.floor(number / across)}, ${number % across}`;
  }

  restart() {
    this.bench.restart([this.frame], []);
    this.pipeline.again();
    this.show();
  }

  show() {
    const { frame, bench } = this;
    const flat = (rows) => rows.flat().map(Number);
    const given = bench.results.map((result) => result.values);
    let equal = 0;
    given.forEach((values, place) => {
      const wanted = frame.expected[place];
      // Numbers of more bits than JavaScript's are integers of any length here and text in the page's data.
      if (wanted && wanted.every((value, lane) => String(values[lane]) === String(value)) && bench.results[place].marks === frame.resultMarks[place]) equal++;
    });
    const images = frame.size.length > 1;
    const expected = flat(frame.expected);
    const drawn = flat(given.slice(0, frame.expected.length).map((values, place) => values.slice(0, frame.expected[place].length)));
    const reach = { low: Math.min(...expected, 0), high: Math.max(...expected, 1) };
    const padded = [...drawn, ...Array(expected.length - drawn.length).fill(reach.low < 0 ? 0 : reach.low)];
    const title = (key) => make("figcaption", {}, say(key));
    const grid = (values, size, name) => picture(values, size, name);
    this.plots.replaceChildren(
      make("figure", {}, title("samples"), images ? grid(flat(frame.beats), frame.size, say("samples")) : curves(say("samples"), [{ values: flat(frame.beats), colour: "x" }], { height: 110 })),
      make(
        "figure",
        {},
        title("results of hardware and golden model"),
        images && expected.length === frame.resultSize[0] * frame.resultSize[1]
          ? grid(padded, frame.resultSize, say("results of hardware and golden model"))
          : curves(say("results of hardware and golden model"), [{ values: expected, colour: "h" }, { values: drawn, colour: "y", dots: true, of: expected.length }], { height: 130, ...reach }),
      ),
    );
    judge(this.verdict, equal !== given.length, { equal, count: given.length, all: frame.expected.length });
    const rows = given.slice(-8).map((values, number) => {
      const place = given.length - Math.min(8, given.length) + number;
      const wanted = frame.expected[place] ?? [];
      return make("tr", {}, make("th", { scope: "row" }, `y[${this.place(place)}]`), make("td", {}, values.slice(0, wanted.length).join(" ")), make("td", {}, wanted.join(" ")));
    });
    const heads = ["place", "hardware", "golden model"].map((key) => make("th", { scope: "col" }, say(key)));
    this.list.replaceChildren(make("table", { class: "numbers" }, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows)));
  }
}

// An image as grey pixels, from its least to its greatest number.
function picture(values, [rows, columns], name) {
  const canvas = make("canvas", { width: columns * 12, height: rows * 12, role: "img", "aria-label": name });
  const context = canvas.getContext("2d");
  const lanes = Math.max(Math.floor(values.length / (rows * columns)), 1);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  for (let place = 0; place < rows * columns; place++) {
    const shade = Math.round(((values[place * lanes] - low) * 255) / span);
    context.fillStyle = `rgb(${shade},${shade},${shade})`;
    context.fillRect((place % columns) * 12, Math.floor(place / columns) * 12, 12, 12);
  }
  return canvas;
}
