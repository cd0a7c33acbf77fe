"""Names of modules, beside what other programs know of the languages."""

import re

import pytest
from pygments.lexers.hdl import VhdlLexer
from pygments.token import Keyword
from pyslang import BumpAllocator, Diagnostics, LanguageVersion, SourceManager, parsing

from convolver import DesignError, FIRDesign
from convolver.hw.export.module_names import LANGUAGES, LIBRARIES, LONGEST, TAKEN, check_name
from convolver.hw.export.verilog import default_name, generate


@pytest.mark.parametrize("name", ["", "1st", "a-b", "a b", "module.x", "größe", "$x", "x$", "\\\\x ", "x\n"])
def test_a_name_must_be_an_identifier(name: str) -> None:
    expected = f"A module's name must be letters, digits and underscores, not beginning with a digit, not {name!r}"
    with pytest.raises(DesignError, match=f"^{re.escape(expected)}$"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("reg", "Verilog"),
        ("uwire", "Verilog"),
        ("buf", "Verilog"),
        ("int", "SystemVerilog"),
        ("s_until_with", "SystemVerilog"),
        ("entity", "VHDL"),
        ("Process", "VHDL"),
        ("IN", "VHDL"),
        ("Default", "VHDL"),
        ("vunit", "VHDL"),
    ],
)
def test_a_reserved_word_is_refused(name: str, language: str) -> None:
    with pytest.raises(DesignError, match=f"^A module's name must not be a reserved word: {name} is one of {language}$"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("TOP", "the scope above all others in Verilator"),
        ("std", "a library of VHDL and a package of SystemVerilog"),
        ("Work", "the library that VHDL and simulators work in"),
        ("IEEE", "a library of VHDL"),
        ("glbl", "the module of the global reset in AMD's simulations"),
        ("DSP48E1", "a primitive of 7-series"),
    ],
)
def test_a_name_that_tools_have_is_refused(name: str, what: str) -> None:
    with pytest.raises(DesignError, match=f"^A module's name must not be one that tools have already: {name} is {what}$"):
        check_name(name)


def test_a_long_name_is_refused() -> None:
    check_name("x" * LONGEST)
    with pytest.raises(DesignError, match=r"^A module's name must have at most 128 characters, not 129$"):
        check_name("x" * 129)


@pytest.mark.parametrize(
    "name", ["top", "Top", "Module", "REG", "_", "blur_3x3", "wire_", "convolver_fir", "convolver_conv2d", "GLBL"]
)
def test_other_names_are_taken(name: str) -> None:
    check_name(name)


def test_verilogs_words_are_those_that_slang_knows() -> None:
    ours = {word.replace("_", "") for language in ("Verilog", "SystemVerilog") for word in LANGUAGES[language]}
    kinds = {kind.removesuffix("Keyword").lower() for kind in dir(parsing.TokenKind) if kind.endswith("Keyword")}
    assert kinds == ours


@pytest.mark.parametrize(
    ("version", "languages"),
    [(LanguageVersion.v1364_2005, {"Verilog"}), (LanguageVersion.v1800_2017, {"Verilog", "SystemVerilog"})],
)
def test_each_version_has_its_words(version: LanguageVersion, languages: set[str]) -> None:
    words = sorted(set().union(*LANGUAGES.values()))
    sources, options = SourceManager(), parsing.LexerOptions()
    options.languageVersion = version
    lexer = parsing.Lexer(sources.assignText(" ".join(words)), BumpAllocator(), Diagnostics(), sources, options)
    reserved = {word for word in words if (token := lexer.lex()).kind != parsing.TokenKind.Identifier and token.rawText == word}
    assert reserved == set().union(*(LANGUAGES[language] for language in languages))


def test_vhdls_words_are_those_that_pygments_knows_and_what_2008_added() -> None:
    (known,) = (set(rule[0].words) for rule in VhdlLexer.tokens["keywords"] if rule[1] is Keyword)
    psl = {"assume", "assume_guarantee", "cover", "fairness", "property", "restrict", "restrict_guarantee", "sequence"}
    psl |= {"strong", "vmode", "vprop", "vunit"}
    others = {"context", "default", "force", "parameter", "protected", "release", "report", "unaffected"}
    assert LANGUAGES["VHDL"] == (known - {"nextunits"}) | psl | others


def test_primitives_are_those_of_emitted_verilog() -> None:
    design = FIRDesign([1, -2, 3], data="s16", coefficient="s16", loadable=True)
    for family in ("ecp5", "ice40", "7-series"):
        text = generate(design, family=family)  # type: ignore[arg-type]
        instances = set(re.findall(r"^  (\w+) (?:#\(|\\?\S+ \()", text, re.MULTILINE)) - {"module", "function"}
        assert instances
        assert instances <= set(TAKEN)


def test_the_lists_are_apart() -> None:
    assert not {name.lower() for name in {*TAKEN, *LIBRARIES}} & set().union(*LANGUAGES.values())
    check_name(default_name(FIRDesign([1])))
