"""The testbench in plain Verilog (IEEE 1364-2001), which any simulator reads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..clocking import Clocking
from ..counting import counted
from ..promises import OWNERSHIP
from ..version import __version__
from .vectors import Vectors
from .words import KINDS, Words

__all__ = ["Port", "verilog_text"]

CLOCK_NS = 10
"""Period of the streams' clock."""
AXI_CLOCK_NS = 14
"""Period of the registers' clock, where it is another one."""
RESET_CLOCKS = 8
QUIET_CLOCKS = 40
"""Clocks without a result after which no more is thought to come."""
PATIENCE = 50_000
"""Clocks without any transfer after which the block counts as stuck."""
MOST_TOLD = 10
"""Faults after which a run ends."""


ALWAYS_READY = "  // Neither stream has back-pressure.\n  wire s_axis_tready = 1, m_axis_tready = 1;\n"


@dataclass(frozen=True)
class Port:
    """Whether a port of the block is an input, and its bits."""

    is_input: bool
    width: int

    @property
    def span(self) -> str:
        """Its range, as it is declared."""
        return f"[{self.width - 1}:0] " if self.width > 1 else ""


def verilog_text(name: str, file: str, ports: Mapping[str, Port], clocking: Clocking, words: Words, vectors: Vectors) -> str:
    """The testbench of the module `name`, which stands in the file `file`.v and has these ports."""
    bus = "s_axi_aclk" if clocking.own else "aclk"
    reset, on, off = clocking.reset_pin, int(not clocking.low), int(clocking.low)
    clocks = [pin for pin in ("aclk", "s_axi_aclk") if pin in ports]
    resets = [pin for pin in (reset, f"s_axi_{reset}") if pin in ports]
    driven = [port for port, told in ports.items() if told.is_input and port not in {*clocks, *resets}]
    given = [port for port, told in ports.items() if not told.is_input]
    handshakes = ", ".join(port for port in given if port.endswith(("valid", "ready")))
    held = [port for port in given if port.startswith("m_axis_t") and not port.endswith("valid")]
    before = [f"held_{port.removeprefix('m_axis_')}" for port in held]
    waits = "m_axis_tready" in ports

    now = dict(zip(("kind", "place", "marks", "keep", "data"), _fields(words.step), strict=True))
    wanted = dict(zip(("frame", "marks", "keep", "mask", "data"), _fields(words.result), strict=True))

    def width(port: str) -> int:
        return ports[port].width

    marks = "{" + ("m_axis_tuser" if "m_axis_tuser" in ports else "1'b0") + ", m_axis_tlast}"
    compared = [
        (
            f"((m_axis_tdata ^ {_slice('expected', wanted['data'], width('m_axis_tdata'))})"
            f" & {_slice('expected', wanted['mask'], width('m_axis_tdata'))}) !== 0",
            f'"FAIL: result %0d is %h, must be %h", got, m_axis_tdata,'
            f" {_slice('expected', wanted['data'], width('m_axis_tdata'))}",
        ),
        (
            f"{marks} !== {_slice('expected', wanted['marks'], 2)}",
            f'"FAIL: result %0d has tuser, tlast %b, must be %b", got, {marks}, {_slice("expected", wanted["marks"], 2)}',
        ),
    ]
    if "m_axis_tkeep" in ports:
        kept = _slice("expected", wanted["keep"], width("m_axis_tkeep"))
        compared.append((f"m_axis_tkeep !== {kept}", f'"FAIL: result %0d has tkeep %b, must be %b", got, m_axis_tkeep, {kept}'))
    sent = {
        "s_axis_tdata": _slice("now", now["data"], width("s_axis_tdata")),
        "s_axis_tlast": _slice("now", now["marks"], 1),
        "s_axis_tuser": _slice("now", now["marks"], 1, 1),
    }
    if "s_axis_tkeep" in ports:
        sent["s_axis_tkeep"] = _slice("now", now["keep"], width("s_axis_tkeep"))
    place, value, kind = _slice("now", now["place"]), _slice("now", now["data"], 32), _slice("now", now["kind"])
    frames = counted(len(vectors.frames), "frame")
    count = f"STEPS = {len(vectors.steps) + 1}, RESULTS = {len(vectors.results)}"
    accesses = access = ""
    if "s_axi_awvalid" in ports:
        address = _slice("now", now["place"], width("s_axi_awaddr"))
        accesses = f"""\
  // Registers: an access begins when `asked` changes, and is over when `answered` is the same.
  reg asked = 0, answered = 0, busy = 0, refused = 0;
  reg [31:0] answer = 0;
  always @(posedge {bus}) begin
{_block((f"if ({reset} == {off}) {pin} <= {off};" for pin in resets[1:]), 4)}\
    if (!busy & asked != answered) begin
      busy <= 1;
      s_axi_awaddr <= {address};
      s_axi_araddr <= {address};
      s_axi_wdata <= {value};
      s_axi_wstrb <= 4'hf;
      s_axi_awvalid <= {kind} == WRITE;
      s_axi_wvalid <= {kind} == WRITE;
      s_axi_bready <= {kind} == WRITE;
      s_axi_arvalid <= {kind} == READ;
      s_axi_rready <= {kind} == READ;
    end else if (busy) begin
      if (s_axi_awready) s_axi_awvalid <= 0;
      if (s_axi_wready) s_axi_wvalid <= 0;
      if (s_axi_arready) s_axi_arvalid <= 0;
      if (s_axi_bvalid & s_axi_bready | s_axi_rvalid & s_axi_rready) begin
        refused <= (s_axi_bvalid ? s_axi_bresp : s_axi_rresp) !== 0;
        answer <= s_axi_bvalid ? {value} : s_axi_rdata;
        s_axi_bready <= 0;
        s_axi_rready <= 0;
        answered <= asked;
        busy <= 0;
      end
    end
  end
  reg asking = 0;

"""
        access = f"""\
      WRITE, READ: if (!asking) begin
        asking <= 1;
        asked <= ~asked;
      end else if (asked == answered) begin
        if (refused | answer !== {value}) begin
          $display("FAIL: register %h is refused or reads %h, must be %h", {place}, answer, {value});
          fault(frame);
        end
        asking <= 0;
        step <= step + 1;
        idle <= 0;
      end
"""
    return f"""\
{_comment(name, file, vectors)}
`timescale 1ns / 1ps

module {name}_tb;
  localparam {count}, CUT = {int(vectors.cut)};
  localparam {", ".join(f"{word} = {number}" for word, number in KINDS.items())};

  // Each port of the block by its name.
{_block((f"reg {clock} = 0;" for clock in clocks), 2)}
  always #{CLOCK_NS // 2} aclk = ~aclk;
{_block((f"always #{AXI_CLOCK_NS // 2} {clock} = ~{clock};" for clock in clocks[1:]), 2)}\
{_block((f"reg {pin} = {on};" for pin in resets), 2)}
{_block((f"reg {ports[port].span}{port} = 0;" for port in driven), 2)}
{_block((f"wire {ports[port].span}{port};" for port in given), 2)}
{"" if waits else ALWAYS_READY}
  {name} block (
{_block((f".{port}({port}){'' if port == list(ports)[-1] else ','}" for port in ports), 4)}
  );

  // Numbers, for whoever looks at the waves.
{_block(_numbers(vectors), 2)}

  // What is sent, and what must come.
  reg [{4 * sum(words.step) - 1}:0] steps [0:STEPS - 1];
  reg [{4 * sum(words.result) - 1}:0] results [0:RESULTS - 1];
  reg [8 * 256 - 1:0] path;
  integer depth = 0;
  reg [31:0] noise = 1;
  reg stalls = 1;
  initial begin
    if (!$value$plusargs("steps=%s", path)) path = "{file}_tb_steps.hex";
    $readmemh(path, steps);
    if (!$value$plusargs("results=%s", path)) path = "{file}_tb_results.hex";
    $readmemh(path, results);
    if ($value$plusargs("seed=%d", noise) && noise == 0) noise = 1;
    if ($test$plusargs("stalls=0")) stalls = 0;
    if ($test$plusargs("waves")) begin
      if (!$value$plusargs("waves=%s", path)) path = "{file}_tb.vcd";
      if (!$value$plusargs("depth=%d", depth)) depth = 0;
      $dumpfile(path);
      $dumpvars(depth, {name}_tb);
    end
  end

  integer step = 0, frame = 0, sent = 0, got = 0, clocks = 0, idle = 0, quiet = 0, faults = 0;
  reg running = 0;
  wire [{4 * sum(words.step) - 1}:0] now = steps[step];
  wire [{4 * sum(words.result) - 1}:0] expected = results[got < RESULTS ? got : 0];

  task fault(input integer number);
    begin
      case (number)
{_block((f'{number}: $display("  in frame {number}: {text}");' for number, text in enumerate(vectors.frames, 1)), 8)}
        default: $display("  outside the frames");
      endcase
      faults = faults + 1;
      if (faults >= {MOST_TOLD}) stop;
    end
  endtask

  task stop;
    begin
      $display("FAIL: faults: %0d; results: %0d of %0d", faults, got, RESULTS);
      $stop(0);
      $finish(0);
    end
  endtask

  // Four moods of 64 clocks each: nobody pauses, the sink does, the source does, both do.
  function [31:0] shuffled(input [31:0] word);
    reg [31:0] x;
    begin
      x = word ^ (word << 13);
      x = x ^ (x >> 17);
      shuffled = x ^ (x << 5);
    end
  endfunction
  wire [1:0] mood = clocks[7:6];
  wire source_pauses = stalls & (mood == 2 ? noise[8] : mood == 3 & noise[10:8] == 0);
  wire sink_pauses = stalls & (mood == 1 ? noise[0] : mood == 3 & noise[2:0] != 0);
  always @(posedge aclk) begin
    noise <= shuffled(noise);
{"    m_axis_tready <= ~sink_pauses;" if waits else "    // The block's results can't be held up."}
    clocks <= clocks + 1;
    if (clocks == {RESET_CLOCKS}) {reset} <= {off};
    if (clocks == {3 * RESET_CLOCKS}) running <= 1;
  end

  // Results: every beat is compared, and one that waits must stay as it is.
  reg waits = 0;
{_block((f"reg {ports[port].span}{old} = 0;" for port, old in zip(held, before, strict=True)), 2)}
  always @(posedge aclk) if (running) begin
{_block(_strobes(given), 4)}
    if (^{{{handshakes}}} === 1'bx) begin
      $display("FAIL: a tvalid, a tready or one of the registers' is unknown");
      fault(frame);
    end
    waits <= m_axis_tvalid & ~m_axis_tready;
{_block((f"{old} <= {port};" for port, old in zip(held, before, strict=True)), 4)}
    if (waits & (m_axis_tvalid !== 1 | {{{", ".join(held)}}} !== {{{", ".join(before)}}})) begin
      $display("FAIL: a result changed while it waited for tready");
      fault(frame);
    end
    quiet <= m_axis_tvalid ? 0 : quiet + 1;
    if (m_axis_tvalid & m_axis_tready) begin
      got <= got + 1;
      if (got >= RESULTS) begin
        if (!CUT) begin
          $display("FAIL: behind the last result comes %h", m_axis_tdata);
          fault(frame);
        end
      end else begin
{_block(_checks(compared, _slice("expected", wanted["frame"])), 8)}
      end
    end
  end

{accesses}  // The steps, one after the other; beats without a pause between them, but those of the moods.
  always @(posedge aclk) if (running) begin
    idle <= idle + 1;
    if (s_axis_tvalid & s_axis_tready) begin
      sent <= sent + 1;
      s_axis_tvalid <= 0;
    end
    if (s_axis_tvalid & s_axis_tready | m_axis_tvalid & m_axis_tready) idle <= 0;
    if (!s_axis_tvalid | s_axis_tready) case ({kind})
      BEAT: if (!source_pauses) begin
        s_axis_tvalid <= 1;
{_block((f"{port} <= {told};" for port, told in sent.items() if port in ports), 8)}
        frame <= {{16'b0, {place}}};
        step <= step + 1;
      end
{access}      WAIT: if (got >= {value} & (CUT || quiet >= {QUIET_CLOCKS})) step <= step + 1;
      END: begin
        if (faults != 0) stop;
        $display("PASS: {frames}, %0d beats in, %0d beats out, %0d clocks: every result is the golden model's",
                 sent, got, clocks);
        $finish(0);
      end
      default: begin
        $display("FAIL: step %0d can't be read: %h; run where {file}_tb_steps.hex is, or say +steps=FILE", step, now);
        fault(frame);
        stop;
      end
    endcase
    if (idle > {PATIENCE}) begin
      $display("FAIL: nothing moved for {PATIENCE} clocks, at step %0d of %0d", step, STEPS);
      fault(frame);
      stop;
    end
  end
endmodule
"""


def _block(lines: Iterable[str], indent: int) -> str:
    """Lines, each as far from the left; nothing of none."""
    return "\n".join(" " * indent + line for line in lines)


def _strobes(given: Iterable[str]) -> Iterator[str]:
    """What is said of the strobes by which a block without registers tells an error."""
    for port in given:
        if port.startswith("error_"):
            yield f"if ({port} !== 0) begin"
            yield f'  $display("FAIL: {port} is %b", {port});'
            yield "  fault(frame);"
            yield "end"


def _checks(compared: Iterable[tuple[str, str]], frame: str) -> Iterator[str]:
    """What is compared of a result, and what is said of a difference."""
    for differs, told in compared:
        yield f"if ({differs}) begin"
        yield f"  $display({told});"
        yield f"  fault({{16'b0, {frame}}});"
        yield "end"


def _comment(name: str, file: str, vectors: Vectors) -> str:
    """What the file is, and how it is run."""
    return f"""\
// {name}_tb: a self-checking testbench of {name}. Made by convolver {__version__}.
// {OWNERSHIP}
//
// It sends {counted(len(vectors.frames), "frame")} of {file}_tb_steps.hex, {vectors.beats} beats, with pauses of source
// and sink, and compares every beat of results with {file}_tb_results.hex, which the golden model made. Of each fault it says
// in which frame it was. The last line begins with PASS or FAIL.
//
// With Icarus Verilog; vvp -N returns 1 after FAIL:
//     $ iverilog -g2005 -o {file}_tb.vvp {file}_tb.v {file}.v && vvp -N {file}_tb.vvp
// With Verilator 5, and GCC 11, Clang 16 or newer:
//     $ verilator --binary --trace -CFLAGS -std=gnu++20 --top-module {name}_tb -o {file}_tb {file}.vlt {file}_tb.v {file}.v
//     $ obj_dir/{file}_tb
// Any other simulator: compile both files. The files with the vectors belong in the folder where it runs.
//
// Options of a run: +waves writes {file}_tb.vcd, +waves=FILE another file, with +depth=1 of the ports alone; +stalls=0
// never pauses, +seed=N pauses otherwise; +steps=FILE and +results=FILE name the vectors."""


def _numbers(vectors: Vectors) -> Iterator[str]:
    """Samples and results as numbers of their own width."""
    design = vectors.design
    sides = (
        ("sample", "s_axis_tdata", design.sample, design.pixels_per_clock * design.planes),
        ("result", "m_axis_tdata", design.output_format, design.pixels_per_clock * design.planes * design.outputs),
    )
    for what, port, form, count in sides:
        sign = "signed " if form.signed else ""
        for lane in range(count):
            at = 8 * form.bytes * lane
            name = what if count == 1 else f"{what}_{lane}"
            yield f"  wire {sign}[{form.width - 1}:0] {name} = {port}[{at + form.width - 1}:{at}];"


def _fields(digits: tuple[int, ...]) -> list[tuple[int, int]]:
    """Lowest bit and bits of each field of a word."""
    return [(4 * sum(digits[place + 1 :]), 4 * count) for place, count in enumerate(digits)]


def _slice(word: str, field: tuple[int, int], width: int | None = None, at: int = 0) -> str:
    """The lowest `width` bits of a field from bit `at` on; by default all."""
    low, bits = field
    high = low + at + (bits if width is None else width) - 1
    return f"{word}[{high}]" if high == low + at else f"{word}[{high}:{low + at}]"
