"""The rewritten text; that it means the same is tested in tests/cocotb."""

import re

import pytest

from convolver import Conv2DDesign, FIRDesign, ToolError
from convolver.hw.export.verilog import generate
from convolver.hw.export.verilog_blocks import without_combinational_blocks

REGISTER = r"""module top(clk, rst, go, \in.data , count);
  reg \$auto$verilog_backend.cc:2355:dump_module$1  = 0;
  input clk;
  wire clk;
  input rst;
  wire rst;
  input go;
  wire go;
  input [3:0] \in.data ;
  wire [3:0] \in.data ;
  output [3:0] count;
  (* src = "top.py:3" *)
  reg [3:0] count = 4'h2;
  (* src = "top.py:4" *)
  reg [3:0] \$2 ;
  (* src = "top.py:3" *)
  always @(posedge clk)
    count <= \$2 ;
  always @* begin
    if (\$auto$verilog_backend.cc:2355:dump_module$1 ) begin end
    \$2  = count;
    (* full_case = 32'd1 *)
    if (go) begin
      \$2 [2:0] = { \in.data [1:0], 1'h1 };
    end
    if (rst) begin
      \$2  = 4'h2;
    end
  end
endmodule
"""


def test_what_a_register_takes_is_in_its_block() -> None:
    assert (
        without_combinational_blocks(REGISTER)
        == r"""module top(clk, rst, go, \in.data , count);
  input clk;
  wire clk;
  input rst;
  wire rst;
  input go;
  wire go;
  input [3:0] \in.data ;
  wire [3:0] \in.data ;
  output [3:0] count;
  (* src = "top.py:3" *)
  reg [3:0] count = 4'h2;
  (* src = "top.py:3" *)
  always @(posedge clk) begin
    if (go) begin
      count[2:0] <= { \in.data [1:0], 1'h1 };
    end
    if (rst) begin
      count <= 4'h2;
    end
  end
endmodule
"""
    )


def test_what_others_read_too_is_a_function() -> None:
    text = REGISTER.replace("endmodule", "  assign \\seen  = \\$2 ;\nendmodule")
    assert (
        without_combinational_blocks(text)
        == r"""module top(clk, rst, go, \in.data , count);
  input clk;
  wire clk;
  input rst;
  wire rst;
  input go;
  wire go;
  input [3:0] \in.data ;
  wire [3:0] \in.data ;
  output [3:0] count;
  (* src = "top.py:3" *)
  reg [3:0] count = 4'h2;
  (* src = "top.py:4" *)
  wire [3:0] \$2 ;
  (* src = "top.py:3" *)
  always @(posedge clk)
    count <= \$2 ;
  function [3:0] value_of_$2;
    input [3:0] count;
    input go;
    input [3:0] \in.data ;
    input rst;
    begin
      value_of_$2 = count;
      if (go) begin
        value_of_$2[2:0] = { \in.data [1:0], 1'h1 };
      end
      if (rst) begin
        value_of_$2 = 4'h2;
      end
    end
  endfunction
  assign \$2  = value_of_$2(count, go, \in.data , rst);
  assign \seen  = \$2 ;
endmodule
"""
    )


@pytest.mark.parametrize(
    "use",
    [
        "  always @(posedge clk, posedge rst)\n    if (rst) count <= 4'h0;\n    else count <= \\$2 ;\n",
        "  always @(posedge clk)\n    count <= { \\$2 [2:0], go };\n",
    ],
)
def test_what_a_register_takes_otherwise_is_a_function(use: str) -> None:
    text = REGISTER.replace("  always @(posedge clk)\n    count <= \\$2 ;\n", use)
    found = without_combinational_blocks(text)
    assert use in found
    assert "  assign \\$2  = value_of_$2(count, go, \\in.data , rst);\n" in found


def test_an_output_becomes_a_wire() -> None:
    text = REGISTER.replace("\\$2 ", "\\out.next ").replace("count);", "count, \\out.next );", 1)
    text = text.replace('  (* src = "top.py:4" *)\n  reg', '  (* src = "top.py:4" *)\n  output [3:0] \\out.next ;\n  reg')
    found = without_combinational_blocks(text)
    assert '  (* src = "top.py:4" *)\n  output [3:0] \\out.next ;\n  wire [3:0] \\out.next ;\n' in found
    assert "  assign \\out.next  = \\value_of_out.next (count, go, \\in.data , rst);\n" in found


def test_a_bit_that_has_a_block_of_its_own_goes_with_the_others() -> None:
    alone = "  always @*\n    \\$2 [3] = go;\n"
    text = REGISTER.replace("    \\$2  = count;\n", "    \\$2 [2:0] = count[2:0];\n").replace(
        "endmodule\n", alone + "endmodule\n"
    )
    found = without_combinational_blocks(text)
    assert "  always @(posedge clk) begin\n    count[3] <= go;\n    count[2:0] <= count[2:0];\n    if (go) begin\n" in found
    function = without_combinational_blocks(text.replace("endmodule", "  assign \\seen  = \\$2 ;\nendmodule"))
    assert "    begin\n      value_of_$2[3] = go;\n      value_of_$2[2:0] = count[2:0];\n" in function
    assert "always @*" not in found + function


def test_a_block_of_one_assignment_is_an_assignment() -> None:
    text = REGISTER[: REGISTER.index("  always @*")] + "  always @*\n    \\$2 [2:0] = { go, 2'h1 };\nendmodule\n"
    found = without_combinational_blocks(text)
    assert "  assign \\$2 [2:0] = { go, 2'h1 };\n" in found
    assert "  wire [3:0] \\$2 ;\n" in found


def test_two_blocks_of_one_signal_are_refused() -> None:
    block = REGISTER[REGISTER.index("  always @*") : REGISTER.index("endmodule")]
    message = r"^A signal must be assigned in one combinational block, as Yosys writes it, not \\\$2  in several$"
    with pytest.raises(ToolError, match=message):
        without_combinational_blocks(REGISTER.replace("endmodule", f"{block}endmodule"))


def test_what_is_made_of_nothing_is_a_function_too() -> None:
    text = REGISTER[: REGISTER.index("  always @*")]
    text += "  always @* begin\n    \\$2  = 4'h0;\n    \\$2 [1] = 1'h1;\n  end\n  assign \\seen  = \\$2 ;\nendmodule\n"
    found = without_combinational_blocks(text)
    assert "  function [3:0] value_of_$2;\n    input none;\n    begin\n      value_of_$2 = 4'h0;\n" in found
    assert "  assign \\$2  = value_of_$2(1'h0);\n" in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "      \\$2  = 4'h2;",
            "      count = 4'h2;",
            r"A combinational block must assign one signal, as Yosys writes it, not ['\\$2 ', 'count']",
        ),
        (
            "    if (rst)",
            "    if (reset)",
            "A combinational block must read signals that are declared before it, not reset",
        ),
    ],
)
def test_what_yosys_does_not_write_is_refused(old: str, new: str, message: str) -> None:
    text = REGISTER.replace(old, new).replace("endmodule", "  assign \\seen  = \\$2 ;\nendmodule")
    with pytest.raises(ToolError, match=f"^{re.escape(message)}$"):
        without_combinational_blocks(text)


@pytest.mark.parametrize("family", [None, "ecp5", "ice40", "7-series"])
def test_no_design_has_any(family: str) -> None:
    fir = FIRDesign([52, 80, 37, -81, -75, 81], data="s12", coefficient="s10", loadable=True, multipliers=3, continuous=True)
    bordered = Conv2DDesign([[1, 2], [3, 4]], rows=30, columns=20, boundary="edge")
    image = Conv2DDesign(
        [[[1, 2], [3, 4]], [[5, 0], [1, 7]]], rows=30, columns=20, switchable=True, stride=2, combine="sum_abs"
    )
    for design in (fir, image, bordered):
        text = generate(design, family=family)  # type: ignore[arg-type]
        assert "always @(posedge aclk) begin" in text
        assert ("  function " in text) == (design is not bordered)  # in which nothing is chosen among several
        for word in ("always @*", "always_comb", "verilog_backend", "full_case"):
            assert word not in text
        # What no clocked block waits for is assigned: no block but these, and those that fill memories.
        assert set(re.findall(r"^  (always @\(.*?\)|always|initial)", text, re.MULTILINE)) == {
            "always @(posedge aclk)",
            "initial",
        }
