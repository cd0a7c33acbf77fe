// What lessons show beside the two laboratories: laws, frequencies, a search, sounds, a heart. All of it runs on the hardware.

// A whole frame through a core at once: its results and the clocks that they took.
function through(core, frame, wanted, coefficients = []) {
  const bench = new Bench(core);
  bench.restart([frame], coefficients);
  const results = bench.finish(wanted).map((result) => result.values[0]);
  return { results, clocks: bench.time };
}

// A signal through the filter of seven taps, to its end.
function filtered(core, signal, taps) {
  const padded = [...signal, ...Array(TAPS - 1).fill(0)];
  return through(core, frameOf(padded), padded.length, [...taps, ...Array(TAPS).fill(0)].slice(0, TAPS)).results;
}

const equalLists = (one, other) => one.length === other.length && one.every((value, place) => value === other[place]);

function verdict(equal, values) {
  return make("p", { class: "verdict", "data-wrong": !equal }, say(equal ? "results equal" : "results differ", values));
}

// Each sample shaped by a last stage, as a core does it.
function exactly(spec, signal, taps) {
  return convolved(signal, taps)
    .slice(0, signal.length)
    .map((sum) => shaped(spec, sum).value);
}

class Panel {
  constructor(settings) {
    this.settings = settings;
    this.element = make("div", { class: "lab single" });
  }

  close() {}

  shown() {}

  card(title, ...content) {
    return make("section", { class: "card" }, make("h3", {}, title), content);
  }
}

class AlgebraPanel extends Panel {
  async open() {
    this.core = await coreOf("signal exact");
    this.again(7);
    return this;
  }

  again(seed) {
    let state = seed;
    const next = (reach) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return (Math.floor(state / 65536) % (2 * reach + 1)) - reach;
    };
    const list = (count, reach) => Array.from({ length: count }, () => next(reach));
    const [a, b, c] = [list(7, 4), list(4, 3), list(4, 3)];
    const hardware = (signal, taps) => filtered(this.core, signal, taps);
    const length = 14;
    const cut = (values) => [...values, ...Array(length).fill(0)].slice(0, length);
    const sum = (one, other) => one.map((value, place) => value + other[place]);
    const bc = convolvedOnHardware(this.core, b, c);
    const laws = [
      ["commutative", "a ∗ b", "b ∗ a", cut(hardware(a, b)), cut(hardware(b, a))],
      ["associative", "(a ∗ b) ∗ c", "a ∗ (b ∗ c)", cut(hardware(cut(hardware(a, b)).slice(0, 10), c)), cut(hardware(a, bc))],
      ["distributive", "a ∗ (b + c)", "a ∗ b + a ∗ c", cut(hardware(a, sum(b, c))), sum(cut(hardware(a, b)), cut(hardware(a, c)))],
    ];
    const show = (name, values, colour) => {
      const stems = new Stems({ name, slots: values.length, height: 110, colour });
      stems.fit(values, 1);
      stems.update(values);
      return make("figure", {}, make("figcaption", {}, make("b", { class: colour }, name)), stems.svg);
    };
    this.equal = laws.every(([, , , one, other]) => equalLists(one, other));
    this.element.replaceChildren(
      this.card(
        say("three signals"),
        make("div", { class: "three" }, show("a", a, "x"), show("b", b, "h"), show("c", c, "h")),
        make("p", {}, button("other numbers", () => this.again(state), { class: "primary" })),
      ),
      ...laws.map(([name, left, right, one, other]) =>
        this.card(
          say(`law ${name}`),
          make("div", { class: "two" }, show(left, one, "y"), show(right, other, "y")),
          make("p", { class: "verdict", "data-wrong": !equalLists(one, other) }, say(equalLists(one, other) ? "sides equal" : "sides differ")),
        ),
      ),
    );
  }
}

const convolvedOnHardware = (core, one, other) => filtered(core, one, other).slice(0, one.length + other.length - 1);

const FILTERS = {
  average: [1, 1, 1, 1, 1, 1, 1],
  gaussian: [1, 6, 15, 20, 15, 6, 1],
  difference: [1, -1, 0, 0, 0, 0, 0],
  "second difference": [1, -2, 1, 0, 0, 0, 0],
};

function magnitude(taps, frequency) {
  let real = 0;
  let imaginary = 0;
  taps.forEach((tap, n) => {
    real += tap * Math.cos(2 * Math.PI * frequency * n);
    imaginary -= tap * Math.sin(2 * Math.PI * frequency * n);
  });
  return Math.hypot(real, imaginary);
}

class FrequencyPanel extends Panel {
  async open() {
    this.core = await coreOf("signal exact");
    this.filter = "average";
    this.frequency = 4;
    this.body = make("div", { class: "stack" });
    this.table = make("div");
    this.element.replaceChildren(
      make(
        "div",
        { class: "pickers" },
        choice("kernel", Object.keys(FILTERS).map((name) => [name, say(`kernel ${name}`)]), this.filter, (name) => {
          this.filter = name;
          this.gains = null;
          this.build();
        }),
        slider(
          "frequency",
          1,
          31,
          this.frequency,
          (value) => {
            this.frequency = value;
            this.build();
          },
          (value) => (value / 64).toFixed(3),
        ),
      ),
      this.body,
      this.card(say("when the transform pays"), make("p", {}, say("transform text")), button("measure", () => this.measure(), { class: "primary" }), this.table),
    );
    this.build();
    return this;
  }

  sine(frequency, length = 64) {
    return Array.from({ length }, (_, n) => Math.round(100 * Math.sin(2 * Math.PI * frequency * n + 0.3)));
  }

  // Of the part that isn't the beginning: a sine's amplitude by its square.
  gain(frequency) {
    const signal = this.sine(frequency, 134);
    const results = filtered(this.core, signal, FILTERS[this.filter]);
    const power = (values) => values.slice(6, 134).reduce((sum, value) => sum + value * value, 0);
    return Math.sqrt(power(results) / power(signal));
  }

  build() {
    const taps = FILTERS[this.filter];
    const frequencies = Array.from({ length: 33 }, (_, place) => place / 64);
    this.gains ??= frequencies.map((frequency) => (frequency ? this.gain(frequency) : Math.abs(taps.reduce((a, b) => a + b, 0))));
    const { gains } = this;
    const frequency = this.frequency / 64;
    const signal = this.sine(frequency);
    const results = filtered(this.core, signal, taps).slice(0, 64);
    const reach = Math.max(...gains, ...frequencies.map((f) => magnitude(taps, f)));
    const worst = Math.max(...frequencies.slice(1, 32).map((f, place) => Math.abs(gains[place + 1] - magnitude(taps, f))));
    this.body.replaceChildren(
      this.card(
        say("a sine in, a sine out"),
        curves(say("signal x"), [{ values: signal, colour: "x" }], { height: 90 }),
        curves(say("result y"), [{ values: results, colour: "y" }], { height: 90, low: -100 * reach, high: 100 * reach }),
        make("p", { class: "formula" }, say("gain at", { frequency: frequency.toFixed(3), measured: gains[this.frequency].toFixed(3), exact: magnitude(taps, frequency).toFixed(3) })),
      ),
      this.card(
        say("gain by frequency"),
        curves(say("gain by frequency"), [
          { values: Array.from({ length: 257 }, (_, place) => magnitude(taps, place / 512)), colour: "h" },
          { values: gains, colour: "y", dots: true },
        ], { low: 0, high: reach, across: [0, 0.5] }),
        make("p", {}, say("gains measured", { worst: worst.toFixed(3) })),
      ),
      this.theorem(taps),
    );
  }

  // The transform of what the hardware gave is the product of the two transforms.
  theorem(taps) {
    const signal = [23, -41, 7, 60, -12, 33, -58, 19, 4, 27];
    const results = filtered(this.core, signal, taps);
    const transform = (values, k) => {
      let real = 0;
      let imaginary = 0;
      values.forEach((value, n) => {
        real += value * Math.cos((2 * Math.PI * k * n) / 16);
        imaginary -= value * Math.sin((2 * Math.PI * k * n) / 16);
      });
      return [real, imaginary];
    };
    let worst = 0;
    const one = [];
    const other = [];
    for (let k = 0; k < 16; k++) {
      const [a, b] = transform(signal, k);
      const [c, d] = transform(taps, k);
      const [e, f] = transform(results, k);
      const product = [a * c - b * d, a * d + b * c];
      worst = Math.max(worst, Math.hypot(e - product[0], f - product[1]));
      one.push(Math.hypot(e, f));
      other.push(Math.hypot(...product));
    }
    this.worst = worst;
    return this.card(
      say("the theorem"),
      curves(say("the theorem"), [{ values: other, colour: "h" }, { values: one, colour: "y", dots: true }], { low: 0 }),
      make("p", {}, say("theorem differs", { worst: worst.toExponential(1) })),
    );
  }

  measure() {
    const size = 4096;
    const signal = Float64Array.from({ length: size }, (_, n) => Math.sin(n * n));
    const timed = (work) => {
      let count = 0;
      const start = performance.now();
      do {
        work();
        count++;
      } while (performance.now() - start < 40);
      return ((performance.now() - start) / count) * 1000;
    };
    const rows = [];
    for (const taps of [8, 32, 128, 512]) {
      const kernel = Float64Array.from({ length: taps }, (_, n) => 1 / (n + 1));
      const direct = timed(() => {
        const out = new Float64Array(size + taps - 1);
        for (let k = 0; k < taps; k++) for (let n = 0; n < size; n++) out[n + k] += kernel[k] * signal[n];
        return out;
      });
      const fast = timed(() => transformed(signal, kernel));
      rows.push([taps, direct, fast, (size + this.core.spec.latency) / 100]);
    }
    const cells = rows.map((row) => make("tr", {}, row.map((value, place) => make(place ? "td" : "th", place ? {} : { scope: "row" }, place ? value.toFixed(0) : String(value)))));
    const heads = ["taps", "direct", "by transform", "hardware time"].map((key) => make("th", { scope: "col" }, say(key)));
    this.table.replaceChildren(make("table", { class: "numbers" }, make("caption", {}, say("measured here")), make("thead", {}, make("tr", {}, heads)), make("tbody", {}, cells)));
  }
}

// The convolution by transforms of a power of two.
function transformed(signal, kernel) {
  let size = 1;
  while (size < signal.length + kernel.length - 1) size *= 2;
  const spectrum = (values) => {
    const real = new Float64Array(size);
    real.set(values);
    const imaginary = new Float64Array(size);
    fft(real, imaginary, 1);
    return [real, imaginary];
  };
  const [a, b] = spectrum(signal);
  const [c, d] = spectrum(kernel);
  for (let k = 0; k < size; k++) [a[k], b[k]] = [a[k] * c[k] - b[k] * d[k], a[k] * d[k] + b[k] * c[k]];
  fft(a, b, -1);
  return a.subarray(0, signal.length + kernel.length - 1).map((value) => value / size);
}

function fft(real, imaginary, sign) {
  const size = real.length;
  for (let place = 1, other = 0; place < size; place++) {
    let bit = size >> 1;
    for (; other & bit; bit >>= 1) other ^= bit;
    other ^= bit;
    if (place < other) {
      [real[place], real[other]] = [real[other], real[place]];
      [imaginary[place], imaginary[other]] = [imaginary[other], imaginary[place]];
    }
  }
  for (let length = 2; length <= size; length *= 2) {
    const half = length / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-sign * 2 * Math.PI * k) / length;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      for (let begin = k; begin < size; begin += length) {
        const end = begin + half;
        const r = real[end] * cos - imaginary[end] * sin;
        const i = real[end] * sin + imaginary[end] * cos;
        real[end] = real[begin] - r;
        imaginary[end] = imaginary[begin] - i;
        real[begin] += r;
        imaginary[begin] += i;
      }
    }
  }
}

class PatchPanel extends Panel {
  async open() {
    this.core = await coreOf("patch");
    this.image = page.data.pictures.photo;
    this.at = [14, 12];
    this.operation = "correlate";
    this.build();
    return this;
  }

  shown() {
    this.find(...this.at);
  }

  build() {
    const size = this.image.length;
    const view = (name, painted) => {
      const canvas = make("canvas", { width: size * 12, height: size * 12, tabindex: painted ? 0 : null, role: painted ? "application" : "img", "aria-label": name });
      return { canvas, context: canvas.getContext("2d"), size };
    };
    this.left = view(say("choose a patch"), true);
    this.right = view(say("how alike"), false);
    const { canvas } = this.left;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const inside = (part) => clamp(Math.floor(part * size), 2, size - 3);
      this.find(inside((event.clientY - box.top) / box.height), inside((event.clientX - box.left) / box.width));
    };
    canvas.addEventListener("pointerdown", place);
    canvas.addEventListener("pointermove", (event) => event.buttons & 1 && place(event));
    canvas.addEventListener("keydown", (event) => {
      const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
      if (!down && !right) return;
      event.preventDefault();
      this.find(clamp(this.at[0] + down, 2, size - 3), clamp(this.at[1] + right, 2, size - 3));
    });
    this.told = make("p", { class: "formula", "aria-live": "polite" });
    this.verdictPlace = make("div");
    this.element.replaceChildren(
      this.card(
        say("find a patch"),
        make(
          "div",
          { class: "pickers" },
          choice("operation", [["correlate", say("correlate")], ["convolve", say("convolve")]], this.operation, (value) => {
            this.operation = value;
            this.find(...this.at);
          }),
        ),
        make(
          "div",
          { class: "grids" },
          make("figure", {}, make("figcaption", {}, say("choose a patch")), this.left.canvas),
          make("figure", {}, make("figcaption", {}, say("how alike")), this.right.canvas),
        ),
        this.told,
        this.verdictPlace,
      ),
    );
    this.find(...this.at);
  }

  find(row, column) {
    this.at = [row, column];
    const size = this.image.length;
    const patch = [];
    for (let down = -2; down <= 2; down++) for (let right = -2; right <= 2; right++) patch.push(this.image[row + down][column + right]);
    const mean = patch.reduce((a, b) => a + b, 0) / 25;
    const taps = patch.map((value) => clamp(Math.round((value - mean) / 2), -128, 127));
    // The core correlates: loaded the other way round, it convolves.
    const loaded = this.operation === "correlate" ? taps : [...taps].reverse();
    const { results, clocks } = through(this.core, frameOf(this.image, { boundary: 1 }), size * size, loaded);
    let equal = 0;
    let best = 0;
    const scores = [];
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) {
        let sum = 0;
        let square = 0;
        let total = 0;
        for (let place = 0; place < 25; place++) {
          const y = clamp(r + Math.floor(place / 5) - 2, 0, size - 1);
          const x = clamp(c + (place % 5) - 2, 0, size - 1);
          const value = this.image[y][x];
          sum += loaded[place] * value;
          square += value * value;
          total += value;
        }
        const at = r * size + c;
        if (results[at] === sum) equal++;
        // By the pixels' own deviation, so that a bright or lively place isn't like everything.
        scores.push(results[at] / Math.sqrt(Math.max(square - (total * total) / 25, 1)));
        if (scores[at] > scores[best]) best = at;
      }
    }
    const found = [Math.floor(best / size), best % size];
    const low = Math.min(...scores);
    const span = Math.max(...scores) - low || 1;
    const draw = PictureLab.prototype.draw;
    draw.call(this, this.left, (r, c) => this.image[r][c], [row - 2, column - 2, 5]);
    draw.call(this, this.right, (r, c) => ((scores[r * size + c] - low) / span) * 255, [found[0], found[1], 1]);
    this.told.textContent = say("found at", { row: found[0], column: found[1], wanted: `${row}, ${column}`, clocks });
    this.verdictPlace.replaceChildren(verdict(equal === size * size, { equal, count: size * size, all: size * size }));
  }
}

// Sounds are made here: plucked strings, of the samples before and what is left of them.
function plucked(rate, seconds) {
  const length = Math.floor(rate * seconds);
  const sound = new Float64Array(length);
  let state = 1;
  const noise = () => ((state = (state * 16807) % 2147483647) / 2147483647) * 2 - 1;
  [196, 247, 294, 392].forEach((pitch, number) => {
    const period = Math.round(rate / pitch);
    const begin = Math.floor(number * rate * 0.45);
    const string = Array.from({ length: period }, noise);
    const mean = string.reduce((one, other) => one + other) / period; // it would fade last, and unheard
    string.forEach((value, place) => (string[place] = value - mean));
    for (let n = begin, at = 0; n < length; n++, at = (at + 1) % period) {
      sound[n] += string[at] * 14000;
      string[at] = 0.497 * (string[at] + string[(at + 1) % period]);
    }
  });
  return Array.from(sound, (value) => clamp(Math.round(value), -32768, 32767));
}

function play(samples, rate) {
  play.context ??= new AudioContext();
  if (play.source) play.source.stop();
  const buffer = play.context.createBuffer(1, samples.length, Math.max(rate, 8000));
  const target = buffer.getChannelData(0);
  samples.forEach((value, place) => (target[place] = value / 32768));
  play.source = new AudioBufferSourceNode(play.context, { buffer, playbackRate: rate / Math.max(rate, 8000) });
  play.source.connect(play.context.destination);
  play.context.resume();
  play.source.start();
}

class SoundPanel extends Panel {
  async open() {
    this.core = await coreOf(this.settings.core);
    this.rate = this.settings.core === "echo" ? 4000 : 16000;
    this.sound = plucked(this.rate, this.settings.core === "echo" ? 2.2 : 2);
    this.bass = 3;
    this.treble = -9;
    const echo = this.settings.core === "echo";
    if (echo) this.settings.taps = [16, ...Array(254).fill(0), 9];
    const gain = (name, key) =>
      slider(
        key,
        -18,
        9,
        this[name],
        (number) => {
          this[name] = number;
          this.build();
        },
        (value) => `${value > 0 ? "+" : ""}${value}`,
      );
    this.body = make("div");
    this.element.replaceChildren(
      this.card(
        say(echo ? "an echo" : "an equaliser"),
        echo ? null : make("div", { class: "pickers" }, gain("bass", "bass"), gain("treble", "treble")),
        this.body,
        make("div", { class: "controls" }, button("play before", () => play(this.sound, this.rate), { class: "primary" }), button("play after", () => play(this.results, this.rate), { class: "primary" })),
        (this.foot = make("div")),
      ),
    );
    this.build();
    return this;
  }

  close() {
    if (play.source) play.source.stop();
    play.source = null;
  }

  // A low-pass below some frequency and what it leaves, each with its gain: symmetric, so half of it tells all.
  taps() {
    const count = 33;
    const middle = 16;
    const low = Array.from({ length: count }, (_, n) => {
      const at = n - middle;
      const sinc = at ? Math.sin(0.14 * Math.PI * at) / (Math.PI * at) : 0.14;
      return sinc * (0.54 + 0.46 * Math.cos((Math.PI * at) / (middle + 1)));
    });
    const total = low.reduce((a, b) => a + b, 0);
    const [bass, treble] = [10 ** (this.bass / 20), 10 ** (this.treble / 20)];
    return low.map((value, n) => clamp(Math.round(((bass - treble) * (value / total) + (n === middle ? treble : 0)) * 16384), -32768, 32767));
  }

  expectedOf() {
    if (this.settings.core === "echo") {
      const stage = (signal, shift) => exactly({ ...this.core.spec, shift, rounding: "half_up", overflow: "saturate" }, signal, this.settings.taps);
      return stage(stage(this.sound, 5), 4);
    }
    return exactly(this.core.spec, this.sound, this.taps());
  }

  build() {
    const echo = this.settings.core === "echo";
    const coefficients = echo ? [] : this.taps().slice(0, 17);
    const { results, clocks } = through(this.core, frameOf(this.sound), this.sound.length, coefficients);
    const exact = this.expectedOf();
    const equal = results.filter((value, place) => value === exact[place]).length;
    const thin = (values) => values.filter((_, place) => place % Math.ceil(values.length / 2400) === 0);
    this.results = results;
    const range = { height: 120, high: Math.max(...this.sound.map(Math.abs)), across: seconds(this.sound, this.rate) };
    range.low = -range.high;
    this.body.replaceChildren(curves(say("before"), [{ values: thin(this.sound), colour: "x" }], range), curves(say("after"), [{ values: thin(results), colour: "y" }], range));
    this.foot.replaceChildren(
      make("p", {}, say("sound facts", { clocks, seconds: (this.sound.length / this.rate).toFixed(1), rate: this.rate })),
      verdict(equal === results.length, { equal, count: results.length, all: this.sound.length }),
    );
  }
}

const HEART_FILTERS = {
  none: () => [16384],
  average: () => Array(6).fill(Math.round(16384 / 6)),
  "low pass": () => {
    const taps = Array.from({ length: 33 }, (_, n) => {
      const at = n - 16;
      return (at ? Math.sin((2 * Math.PI * 35 * at) / 360) / (Math.PI * at) : 70 / 360) * (0.54 + 0.46 * Math.cos((Math.PI * at) / 17));
    });
    const total = taps.reduce((a, b) => a + b, 0);
    return taps.map((tap) => Math.round((16384 * tap) / total));
  },
};

class HeartPanel extends Panel {
  async open() {
    this.core = await coreOf("equaliser");
    this.filter = "average";
    this.body = make("div");
    this.element.replaceChildren(
      this.card(
        say("a heart"),
        make(
          "div",
          { class: "pickers" },
          choice("filter", Object.keys(HEART_FILTERS).map((name) => [name, say(`heart ${name}`)]), this.filter, (name) => {
            this.filter = name;
            this.build();
          }),
        ),
        this.body,
      ),
    );
    this.build();
    return this;
  }

  build() {
    const signal = page.data.signals.heart;
    let taps = HEART_FILTERS[this.filter]();
    // In the middle of the 33 that there are; an even number of taps is one more, halved at its ends, and so still symmetric.
    if (taps.length % 2 === 0) taps = [...taps, 0].map((tap, place) => Math.round((tap + (place ? taps[place - 1] : 0)) / 2));
    const side = (33 - taps.length) / 2;
    const all = [...Array(side).fill(0), ...taps, ...Array(side).fill(0)];
    const { results, clocks } = through(this.core, frameOf(signal), signal.length, all.slice(0, 17));
    const exact = exactly(this.core.spec, signal, all);
    const equal = results.filter((value, place) => value === exact[place]).length;
    const hum = (values) => {
      let real = 0;
      let imaginary = 0;
      const part = values.slice(40, 40 + 360);
      part.forEach((value, n) => {
        real += value * Math.cos((2 * Math.PI * 60 * n) / 360);
        imaginary += value * Math.sin((2 * Math.PI * 60 * n) / 360);
      });
      return (2 * Math.hypot(real, imaginary)) / part.length;
    };
    const range = { low: Math.min(...signal), high: Math.max(...signal), across: seconds(signal, 360) };
    const { high } = range;
    this.body.replaceChildren(
      curves(say("before"), [{ values: signal, colour: "x" }], range),
      curves(say("after"), [{ values: results, colour: "y" }], range),
      make("p", { class: "formula" }, say("hum from to", { before: hum(signal).toFixed(1), after: hum(results).toFixed(1), peak: high, then: Math.max(...results) })),
      make("p", {}, say("heart facts", { clocks, delay: 16 })),
      verdict(equal === results.length, { equal, count: results.length, all: signal.length }),
    );
  }
}
