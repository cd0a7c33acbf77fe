"use strict";
// The gateware: a core in WebAssembly, its registers by name, and streams that are offered and taken clock by clock.

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// What cores.py packed: the table of the cores, with the WebAssembly of each.
async function unpacked(text) {
  const bytes = await inflated(text);
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const table = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  for (const spec of Object.values(table)) {
    spec.binary = bytes.slice(4 + length + spec.at[0], 4 + length + spec.at[1]);
  }
  return table;
}

const MARKS = ["first", "last", "eol", "keep"];

class Core {
  static async open(spec) {
    const { instance } = await WebAssembly.instantiate(spec.binary, {});
    return new Core(spec, instance.exports);
  }

  constructor(spec, exports) {
    this.spec = spec;
    this.exports = exports;
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.words = new BigUint64Array(exports.memory.buffer);
    this.initial = this.bytes.slice();
    this.entries = { input: new Map(), output: new Map(), register: new Map(), memory: new Map() };
    for (const [name, role, address, width, signed, depth] of spec.entries) {
      this.entries[role].set(name, { at: address / 8, words: Math.ceil(width / 64), width, signed, depth });
    }
  }

  powerOn() {
    this.bytes.set(this.initial);
  }

  word(entry, index = 0) {
    let value = 0n;
    for (let place = entry.words - 1; place >= 0; place--) {
      value = (value << 64n) | this.words[entry.at + index * entry.words + place];
    }
    return value;
  }

  // A register's number, or a memory's, with its sign.
  register(name, index = 0) {
    const entry = this.entries.register.get(name) || this.entries.memory.get(name);
    const value = this.word(entry, index);
    return plain(entry.signed ? BigInt.asIntN(entry.width, value) : value, entry.width);
  }

  output(name) {
    const entry = this.entries.output.get(name);
    return entry ? this.word(entry) : 0n;
  }

  input(name, value) {
    const entry = this.entries.input.get(name);
    if (!entry) return; // a design that has no such port
    let rest = BigInt.asUintN(entry.width, BigInt(value));
    for (let place = 0; place < entry.words; place++, rest >>= 64n) this.words[entry.at + place] = rest & 0xffffffffffffffffn;
  }
}

const put = (field, value, lane = 0) => BigInt.asUintN(field.width, BigInt(value)) << BigInt(field.offset + field.width * lane);

function take(field, word, lane = 0) {
  const value = BigInt.asUintN(field.width, word >> BigInt(field.offset + field.width * lane));
  return plain(field.signed ? BigInt.asIntN(field.width, value) : value, field.width);
}

// A number as JavaScript's own, where that holds all of its bits.
const plain = (value, width) => (width > 53 ? value : Number(value));

// A core with a source in front and a sink behind it. `look` drives the ports and lets the outputs settle: all can be seen then.
// `clock` is the rising edge that follows.
class Bench {
  constructor(core) {
    this.core = core;
    this.restart([], []);
  }

  // Frames of beats: {beats: [[values]], marks: [bits], size: [rows, columns], boundary, fill}; sets of coefficients go in first.
  restart(frames, coefficients) {
    const { core } = this;
    core.powerOn();
    this.beats = [];
    for (const frame of frames) {
      frame.beats.forEach((values, place) => {
        this.beats.push({ values, marks: frame.marks[place], frame: place ? null : frame, place });
      });
    }
    this.sent = 0;
    this.time = 0;
    this.source = true; // offers samples
    this.sink = true; // takes results
    this.offered = false;
    this.results = [];
    this.accepted = []; // by clock: which beat was taken, or -1
    this.operands = []; // by clock: which result stands in the operands, or -1
    this.counted = 0;
    core.input("i__valid", 0);
    core.input("o__ready", 0);
    this.load(coefficients);
    this.look();
  }

  load(coefficients) {
    const { core } = this;
    const fields = core.spec.ports.coefficients;
    coefficients.forEach((value, place) => {
      const last = place === coefficients.length - 1;
      core.input("coefficients__payload", put(fields.data, value) | put(fields.last, last ? 1 : 0));
      core.input("coefficients__valid", 1);
      for (let waits = 0; waits < 1000; waits++) {
        core.exports.settle();
        const ready = core.output("coefficients__ready");
        core.exports.clock();
        if (ready) break;
      }
    });
    core.input("coefficients__valid", 0);
    for (let clock = 0; coefficients.length && clock < 4; clock++) {
      core.exports.settle();
      core.exports.clock();
    }
  }

  look() {
    const { core } = this;
    const { input, output } = core.spec.ports;
    const beat = this.beats[this.sent];
    // A beat once offered stays until it is taken, whatever the source does then.
    this.offered = beat !== undefined && (this.offered || this.source);
    let payload = 0n;
    if (this.offered) {
      beat.values.forEach((value, lane) => (payload |= put(input.data, value, lane)));
      for (const name of MARKS) {
        if (input[name]) payload |= put(input[name], beat.marks >> MARKS.indexOf(name));
      }
      if (beat.frame) {
        for (const name of core.spec.ports.sizes) {
          const { size, boundary = 0, fill = 0 } = beat.frame;
          core.input(name, { rows: size[0], columns: size[1], boundary, fill }[name]);
        }
      }
    }
    core.input("i__valid", this.offered ? 1 : 0);
    core.input("i__payload", payload);
    core.input("o__ready", this.sink ? 1 : 0);
    core.exports.settle();
    this.inReady = core.output("i__ready") === 1n;
    this.outValid = core.output("o__valid") === 1n;
    const word = core.output("o__payload");
    this.outValues = Array.from({ length: output.data.count }, (_, lane) => take(output.data, word, lane));
    this.outMarks = 0;
    for (const name of MARKS) {
      if (output[name]) this.outMarks |= Number(BigInt.asUintN(output[name].width, word >> BigInt(output[name].offset))) << MARKS.indexOf(name);
    }
    const columns = core.spec.scene.columns;
    if (columns && this.operands.length <= this.time) {
      this.operands.push(core.register(columns[0].valid) ? this.counted++ : -1);
    }
  }

  // Which result's numbers stand in a column of so many clocks behind the operands; -1 if nobody's.
  inside(behind) {
    const at = this.time - behind;
    return at >= 0 && at < this.operands.length ? this.operands[at] : -1;
  }

  clock() {
    const taken = this.offered && this.inReady;
    this.accepted.push(taken ? this.sent : -1);
    const given = this.outValid && this.sink;
    if (given) this.results.push({ values: this.outValues, marks: this.outMarks, time: this.time });
    if (taken) {
      this.sent++;
      this.offered = false;
    }
    this.core.exports.clock();
    this.time++;
    this.look();
    return given;
  }

  // Clocks until so many results are there, or nothing has moved for long.
  finish(wanted, limit = 1e6) {
    for (let clock = 0; this.results.length < wanted && clock < limit; clock++) this.clock();
    return this.results;
  }
}

// A number as the core's last stage makes it: shifted with a rounding, then cut to the format.
function shaped(spec, sum) {
  let value = sum;
  const one = 2 ** spec.shift;
  if (spec.shift) {
    const low = Math.floor(sum / one);
    const rest = sum - low * one;
    const half = one / 2;
    const up = {
      floor: false,
      half_up: rest >= half,
      half_even: rest > half || (rest === half && low % 2 !== 0),
      half_away: rest > half || (rest === half && sum > 0),
      toward_zero: sum < 0 && rest > 0,
    }[spec.rounding];
    value = low + (up ? 1 : 0);
  }
  const rounded = value;
  const { min, max, width } = spec.result;
  if (value < min || value > max) {
    if (spec.overflow === "saturate") value = Math.max(min, Math.min(max, value));
    else {
      const span = 2 ** width;
      value = ((((value - min) % span) + span) % span) + min;
    }
  }
  return { rounded, value, cut: rounded !== value };
}

// The convolution of a signal with taps, as the page says it is; the hardware has no part in it.
function convolved(signal, taps) {
  const found = [];
  for (let n = 0; n < signal.length + taps.length - 1; n++) {
    let sum = 0;
    for (let k = 0; k < taps.length; k++) {
      if (n - k >= 0 && n - k < signal.length) sum += taps[k] * signal[n - k];
    }
    found.push(sum);
  }
  return found;
}

// A frame of one sample a beat, of a signal or of a picture.
function frameOf(rows, options = {}) {
  const image = Array.isArray(rows[0]);
  const lines = image ? rows : [rows];
  const beats = [];
  const marks = [];
  lines.forEach((line, row) => {
    line.forEach((value, column) => {
      beats.push([value]);
      const last = column === line.length - 1;
      const begins = row === 0 && column === 0;
      marks.push((begins ? 1 : 0) | (last && row === lines.length - 1 ? 2 : 0) | (image && last ? 4 : 0));
    });
  });
  return { beats, marks, size: image ? [rows.length, rows[0].length] : [rows.length], ...options };
}
