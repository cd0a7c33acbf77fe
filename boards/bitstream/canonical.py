"""A circuit without what makes no difference: two circuits with the same canonical form do the same in every clock."""

from collections.abc import Mapping
from dataclasses import replace

from .circuit import HIGH, LOW, Lut, MacBlock, Netlist, Register

__all__ = ["canonical"]


def canonical(netlist: Netlist) -> Netlist:
    """The circuit with rows of tables that no input reaches cleared, and parameters that have no effect."""
    return replace(
        netlist,
        luts=[_lut(lut) for lut in netlist.luts],
        registers=[_register(register) for register in netlist.registers],
        macs=[_mac(mac) for mac in netlist.macs],
    )


def _lut(lut: Lut) -> Lut:
    """Some inputs are constants, or the same."""
    free = sorted({net for net in lut.inputs if net not in (LOW, HIGH)})
    rows = 0
    for pattern in range(1 << len(free)):
        level = {LOW: 0, HIGH: 1} | {net: pattern >> place & 1 for place, net in enumerate(free)}
        rows |= 1 << sum(level[net] << bit for bit, net in enumerate(lut.inputs))
    return replace(lut, table=lut.table & rows)


def _register(register: Register) -> Register:
    """Of one that isn't reset it makes no difference how it is."""
    return replace(register, to_one=False, asynchronous=False) if register.reset == LOW else register


def _mac(mac: MacBlock) -> MacBlock:
    """Of a SB_MAC16 only what leads to its output matters (Lattice TN1295, the block's figure)."""
    given = _carries(mac)
    unused: set[str] = set()
    top = given["TOPOUTPUT_SELECT"] in (0, 1)
    carried = top and given["TOPADDSUB_CARRYSELECT"] in (2, 3)
    bottom = given["BOTOUTPUT_SELECT"] in (0, 1) or carried
    extended = top and given["TOPADDSUB_LOWERINPUT"] == 3  # by the sign of the lower half's second operand
    if not top:
        unused |= {"TOPADDSUB_LOWERINPUT", "TOPADDSUB_UPPERINPUT", "TOPADDSUB_CARRYSELECT"}
    if not bottom:
        unused |= {"BOTADDSUB_UPPERINPUT", "BOTADDSUB_CARRYSELECT"}
    if not bottom and not extended:
        unused.add("BOTADDSUB_LOWERINPUT")
    product = 3 in (given["TOPOUTPUT_SELECT"], given["BOTOUTPUT_SELECT"])
    product |= top and given["TOPADDSUB_LOWERINPUT"] == 2
    product |= (bottom or extended) and given["BOTADDSUB_LOWERINPUT"] == 2
    if not product:
        unused |= {"PIPELINE_16x16_MULT_REG1", "PIPELINE_16x16_MULT_REG2"}
    for half, uses, operand in (("TOP", top, "C"), ("BOT", bottom, "D")):
        taken = given[f"{half}ADDSUB_UPPERINPUT"] or mac.pins[f"OLOAD{half}"] != (LOW,)
        if not uses or not taken or set(mac.pins[operand]) == {LOW}:
            unused.add(f"{operand}_REG")
    return replace(mac, parameters=_without(given, unused))


def _carries(mac: MacBlock) -> dict[str, int]:
    """The parameters, a carry that never comes left out: into the lower half from another block, which none of our circuits
    has, or from a pin that is 0; and out of the lower half, where that adds 0."""
    given = dict(mac.parameters)
    if given["BOTADDSUB_CARRYSELECT"] == 2 or (given["BOTADDSUB_CARRYSELECT"] == 3 and mac.pins["CI"] == (LOW,)):
        given["BOTADDSUB_CARRYSELECT"] = 0
    adds_zero = given["BOTADDSUB_UPPERINPUT"] == 1 and set(mac.pins["D"]) == {LOW} and mac.pins["ADDSUBBOT"] == (LOW,)
    if adds_zero and given["BOTADDSUB_CARRYSELECT"] == 0:
        given["TOPADDSUB_CARRYSELECT"] = {2: 0, 3: 0}.get(given["TOPADDSUB_CARRYSELECT"], given["TOPADDSUB_CARRYSELECT"])
    return given


def _without(given: Mapping[str, int], unused: set[str]) -> dict[str, int]:
    return {name: 0 if name in unused else value for name, value in given.items()}
