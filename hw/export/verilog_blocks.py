"""Makes every reader interpret Verilog alike: Yosys' ``always @*`` blocks become clocked ones, or functions.

An ``always @*`` block runs when a signal that it reads changes. Verilog-2005 and SystemVerilog disagree on whether a
register with an initial value in its declaration changes at time 0. Yosys' guard against this is such a register
itself. A clocked block doesn't wait for such a change, and both languages evaluate a continuous assignment, also of a
function's value, at time 0.
"""

import re
from collections import Counter
from collections.abc import Mapping
from textwrap import indent

from convolver.errors import ToolError

__all__ = ["without_combinational_blocks"]

_NAME = r"(?:\\\S+ |[A-Za-z_][\w$]*)"
_MODULE = re.compile(r"^module .*?^endmodule\n", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^  always @\* begin\n(.*?)^  end\n", re.MULTILINE | re.DOTALL)
_SINGLE = re.compile(r"^  always @\*\n    (?P<place>[^=\n]*?) = (?P<value>.*);\n", re.MULTILINE)
_GUARD = re.compile(
    r"^    if \(\\\$auto\$verilog_backend\S+ \) begin end\n|^  reg \\\$auto\$verilog_backend\S+  = 0;\n", re.MULTILINE
)
_CLOCKED = re.compile(rf"^  always @\((?P<edge>\w+ {_NAME})\)\n    (?P<register>{_NAME}) <= (?P<next>{_NAME});\n", re.MULTILINE)
_DECLARED = re.compile(
    rf"^  (?:(?:input|output) )?(?:wire|reg)(?P<shape>(?: signed)?(?: \[\d+:\d+\])?) (?P<name>{_NAME})(?: = \S+)?;$",
    re.MULTILINE,
)
_ASSIGNED = re.compile(r"^( *[^(\n]*?) = ", re.MULTILINE)
_FULL = re.compile(r"^ *\(\* full_case = 32'd1 \*\)\n", re.MULTILINE)
_TOKEN = re.compile(rf'"[^"]*"|\(\*.*?\*\)|/\*.*?\*/|\d+\'\w+|\$\w+|(?P<name>{_NAME})')
_KEYWORDS = {"begin", "end", "if", "else", "casez", "endcase", "default"}


def without_combinational_blocks(text: str) -> str:
    """Rewrites the modules of Yosys' ``write_verilog -norename``. Everything but those blocks stays unchanged.

    If only one register uses a block's output, the block moves into that register's clocked block. The output of any
    other block becomes the value of a function in a continuous assignment. The function's arguments have the names of
    the signals read.

    Raises
    ------
    ToolError
        If a block doesn't have the form that the pinned Yosys writes.
    """
    return _MODULE.sub(lambda module: _rewritten(module[0]), text)


def _rewritten(module: str) -> str:
    """The rewritten text of one module."""
    found = _BLOCK.split(_FULL.sub("", _GUARD.sub("", module)))
    others, targets = found[::2], [_target(body) for body in found[1::2]]
    if twice := [target for target, count in Counter(targets).items() if count > 1]:
        raise ToolError(f"A signal must be assigned in one combinational block, as Yosys writes it, not {twice[0]} in several")
    bodies = dict(zip(targets, found[1::2], strict=True))

    def single(block: re.Match[str]) -> str:
        """A block of one assignment: it joins the block that assigns other bits of the same signal, if there is one."""
        statement = f"    {block['place']} = {block['value']};\n"
        if (target := _target(statement)) in bodies:
            bodies[target] = statement + bodies[target]
            return ""
        assigned.add(target)
        return f"  assign {block['place']} = {block['value']};\n"

    assigned: set[str] = set()
    others = [_SINGLE.sub(single, other) for other in others]
    if any("always @*" in other for other in others):
        raise ToolError("A combinational block must be as the pinned Yosys writes it, and one isn't")
    shapes = {found["name"]: found["shape"] for found in _DECLARED.finditer(module)}
    used = _names("".join(others))
    for body in bodies.values():
        used.update(_names(body).keys())

    merged = set()

    def clocked(block: re.Match[str]) -> str:
        """A register's clocked block, with the block of its input merged in, if nothing else uses that."""
        register, following = block["register"], block["next"]
        # Its other two uses are in its declaration and in its own block.
        if following not in bodies or used[following] > 3 or shapes[register] != shapes[following]:
            return block[0]
        merged.add(following)
        body = _ASSIGNED.sub(r"\1 <= ", _renamed(bodies[following], following, register))
        kept = f"    {register} <= {register};\n"  # a register does that anyway
        return f"  always @({block['edge']}) begin\n{body.removeprefix(kept)}  end\n"

    others = [_CLOCKED.sub(clocked, other) for other in others]
    functions = ["" if target in merged else _function(target, body, shapes) for target, body in bodies.items()]
    text = "".join(other + function for other, function in zip(others, [*functions, ""], strict=True))

    def declared(line: re.Match[str]) -> str:
        if (name := line["name"]) in merged:
            return ""
        return f"{line['attributes']}  wire{shapes[name]} {name};\n" if name in bodies or name in assigned else line[0]

    return re.sub(
        rf"^(?P<attributes>(?:  \(\*.*\*\)\n)*)  reg[^;]*? (?P<name>{_NAME})(?: = \S+)?;\n", declared, text, flags=re.MULTILINE
    )


def _target(body: str) -> str:
    """The signal that a block assigns, completely or in parts."""
    targets = {name for place in _ASSIGNED.findall(body) for name in _names(place)}
    if len(targets) != 1:
        raise ToolError(f"A combinational block must assign one signal, as Yosys writes it, not {sorted(targets)}")
    return targets.pop()


def _function(target: str, body: str, shapes: Mapping[str, str]) -> str:
    """A function with this body, and the assignment of its value."""
    plain = re.sub(r"^\\| $", "", target)
    name = f"value_of_{plain}"  # Icarus takes names that begin with $ for system functions, even escaped ones
    if not re.fullmatch(_NAME, name):
        name = f"\\{name} "
    reads = [read for read in _names(body) if read != target]
    if missing := [read for read in reads if read not in shapes]:
        raise ToolError(f"A combinational block must read signals that are declared before it, not {missing[0]}")
    inputs = [f"    input{shapes[read]} {read};\n" for read in reads] or ["    input none;\n"]  # it must have one
    arguments = ", ".join(reads) or "1'h0"
    return "".join(
        [
            f"  function{shapes[target]} {name};\n",
            *inputs,
            f"    begin\n{indent(_renamed(body, target, name), '  ')}    end\n",
            "  endfunction\n",
            f"  assign {target} = {name}({arguments});\n",
        ]
    )


def _names(text: str) -> Counter[str]:
    """The signals named in a text, in order."""
    return Counter(found["name"] for found in _TOKEN.finditer(text) if found["name"] and found["name"] not in _KEYWORDS)


def _renamed(text: str, name: str, new: str) -> str:
    return _TOKEN.sub(lambda found: new if found["name"] == name else found[0], text)
