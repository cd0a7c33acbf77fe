"""Module names that are refused, because a language or a tool uses them."""

import re

from convolver.errors import DesignError

__all__ = ["LANGUAGES", "LIBRARIES", "LONGEST", "TAKEN", "check_name"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

LONGEST = 128
"""Characters of the longest name: simulators add to it for their file names, which have at most 255."""

_WORDS = {
    "Verilog": """
        always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam design
        disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable endtask event
        for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout input instance
        integer join large liblist library localparam macromodule medium module nand negedge nmos nor noshowcancelled not notif0
        notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent
        rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify
        specparam strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg
        unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor
        """,
    "SystemVerilog": """
        accept_on alias always_comb always_ff always_latch assert assume before bind bins binsof bit break byte chandle checker
        class clocking const constraint context continue cover covergroup coverpoint cross dist do endchecker endclass
        endclocking endgroup endinterface endpackage endprogram endproperty endsequence enum eventually expect export extends
        extern final first_match foreach forkjoin global iff ignore_bins illegal_bins implements implies import inside int
        interconnect interface intersect join_any join_none let local logic longint matches modport nettype new nexttime null
        package packed priority program property protected pure rand randc randcase randsequence ref reject_on restrict return
        s_always s_eventually s_nexttime s_until s_until_with sequence shortint shortreal soft solve static string strong struct
        super sync_accept_on sync_reject_on tagged this throughout timeprecision timeunit type typedef union unique unique0
        until until_with untyped var virtual void wait_order weak wildcard with within
        """,
    "VHDL": """
        abs access after alias all and architecture array assert assume assume_guarantee attribute begin block body buffer bus
        case component configuration constant context cover default disconnect downto else elsif end entity exit fairness file
        for force function generate generic group guarded if impure in inertial inout is label library linkage literal loop map
        mod nand new next nor not null of on open or others out package parameter port postponed procedure process property
        protected pure range record register reject release rem report restrict restrict_guarantee return rol ror select
        sequence severity shared signal sla sll sra srl strong subtype then to transport type unaffected units until use
        variable vmode vprop vunit wait when while with xnor xor
        """,
}
LANGUAGES = {language: frozenset(words.split()) for language, words in _WORDS.items()}
"""Reserved words: those of IEEE 1364-2005 (annex B); those that IEEE 1800-2017 (annex B) adds; those of IEEE 1076-2008
(15.10), which is case-insensitive."""

LIBRARIES = {
    "std": "a library of VHDL and a package of SystemVerilog",
    "work": "the library that VHDL and simulators work in",
    "ieee": "a library of VHDL",
}
"""Names of libraries, also case-insensitive."""

TAKEN = {
    "TOP": "the scope above all others in Verilator",
    "glbl": "the module of the global reset in AMD's simulations",
    "MULT18X18D": "a primitive of ECP5",
    "LUT4": "a primitive of ECP5",
    "DP16KD": "a primitive of ECP5",
    "SB_MAC16": "a primitive of iCE40",
    "SB_SPRAM256KA": "a primitive of iCE40",
    "DSP48E1": "a primitive of 7-series",
}
"""Other names used by tools; of primitives, only those that emitted Verilog instantiates."""


def check_name(name: str) -> None:
    """Raises a `DesignError` if a language or a tool would refuse a module of this name, or take it for something
    else."""
    if not _PLAIN.fullmatch(name):
        raise DesignError(f"A module's name must be letters, digits and underscores, not beginning with a digit, not {name!r}")
    if len(name) > LONGEST:
        raise DesignError(f"A module's name must have at most {LONGEST} characters, not {len(name)}")
    for language, words in LANGUAGES.items():
        if (name.lower() if language == "VHDL" else name) in words:
            raise DesignError(f"A module's name must not be a reserved word: {name} is one of {language}")
    if what := TAKEN.get(name) or LIBRARIES.get(name.lower()):
        raise DesignError(f"A module's name must not be one that tools have already: {name} is {what}")
