"""Counts the places in the sources that branch on a design's form, by file.

    .venv/bin/python .ci/branches.py [--list] [ROOT]

A branch is a test, a `match` case, an operand of `and`, `or` or `not`, or a lookup, keyed by what a design is: its class or
kind, or its form. ``if isinstance(design, FIRDesign) and design.loadable`` are two. A name that has been given the result of
such a test, or a property or function that returns one, is a form too. So are where coefficients come from, by the class that
says it, whether a plan has a stage, of which class its arrays and its timing are, and whether a beat has a mark. So is a call
that is handed a thing for each of two forms, and gives one, and a tuple times a flag. What only hands a value on, or computes
with it, is no branch; nor is how a stage's block is found, by `block_of` or a `match` of the stage that is built. A function
of which there is one for each class of its first argument (`singledispatch`) is one lookup, where that is a class of a kind, or
one of `convolver/designs/`: a border, a source, a spacing. By the classes of a plan's objects it is none. Tests of the device's
family, which isn't the design's, have a column of their own. ``--list`` prints each place.
"""

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path

CLASSES = re.compile(r"[A-Z]\w*(Design|Plan|Core|Report)")
"""Classes of designs, and those of which there is one for each kind, by their names: a test for one of them is a test for the
design's kind. `Design` itself is none: it stands for all. `ROOTS` finds the others."""

KIND = {"kind", "axes"}

FORM = {
    # which coefficients there are, and when
    *("loadable", "symmetry", "symmetric", "antisymmetric", "mirrored", "mirror", "pre_added", "structure", "factors"),
    *("separable", "column_filters", "swap", "stacked"),
    # what becomes of a frame
    *(
        "continuous",
        "mode",
        "core_mode",  # until the geometry had it
        "boundary",
        "switchable",
        "host_pads",
        "operation",
        "combine",
        "absolute",
        "threshold",
    ),
    *("binary", "result_axes", "sample_axes", "history", "border", "in_core"),
    # how it is computed
    *("cascaded", "ways", "shifts", "pruned", "pruning"),
    # which of its coefficients or parts can be loaded, and whether frames change with them
    *("set_size", "loadable_parts", "shaping_sets", "mirror_sign"),
    # several filters, and how frames follow one another through them
    *("join", "signs", "forked", "gapless", "exact"),
    "SAME",  # the rate that is none
}
"""Names of a design's form: any test of one is a branch."""

COUNTED = {
    *("clocks", "cycles", "slot", "clocks_per_sample", "clocks_per_pixel", "multipliers"),
    *("pixels", "pixels_per_clock", "planes", "outputs", "stride", "kernels", "lanes", "sum_levels", "rank"),
    *("up", "down", "frame_multiple"),
}
"""Numbers, or what there are so many of, that are a form where they aren't 1: a comparison with a constant is a branch, or a
test of the number itself; one with another number isn't."""

MARKS = {"marks", "marks_of", "frame_marks"}
"""What is marked beside a beat: whether one is, is a form."""

HANDED = {"either"}
"""What is handed a thing for each of two forms, and gives one of them."""

ASKING = {"find"}
"""What finds a plan's stage of a class, or none."""

SOURCE_NAMES = {"coefficients", "factor"}
"""What is called so says by its class where coefficients come from."""

STAGES, SOURCES = {"Stage", "FrameTiming", "DotProduct"}, {"Coefficients", "Factor"}
"""The classes whose heirs are stages, arrays or a plan's timing, or say where coefficients come from."""

ROOTS = {"Design", "Plan", "Core", "Report"}
"""The classes whose heirs are of one kind, or of some; they themselves stand for all."""

CHOOSING = {"rank"}
"""Numbers by which something is looked up, not places in a row."""

FAMILY = {"family", "hardware"}

ELSEWHERE = {
    "boards/listing.py": {"clocks"},  # a build's
    "boards/pll.py": {"outputs"},  # a PLL's
    "boards/timing.py": {"clocks", "mode"},  # a cell's
    "convolver/arguments.py": {"kind", "rank"},  # a dtype's, an array's
    "convolver/arrays.py": {"kind"},
    "convolver/chain_stages.py": {"up", "down"},  # of a chain that is looked for
    "convolver/formats.py": {"up"},  # which way is rounded
    "convolver/multirate.py": {"up", "down"},  # a function's arguments
    "convolver/plan/adders.py": {"signs"},  # an adder's
    "convolver/deep.py": {"axes"},  # a page's
    "convolver/design_files.py": {"rank"},  # an array's
    "convolver/pictures.py": {"mode"},  # a picture's
    "convolver/images.py": {"kind", "mode", "planes"},
    "convolver/netpbm.py": {"planes"},
    "convolver/demo.py": {"planes"},
    "convolver/padding.py": {"kind", "boundary"},  # a dtype's, and another library's word
    "convolver/quantize.py": {"rank"},  # an array's
    "convolver/rank_filters.py": {"kind"},
    "convolver/twin_formats.py": {"kind"},
    "convolver/media.py": {"kind", "planes", "stacked"},  # a file's
    "convolver/response.py": {"mirrored"},  # taps
    "convolver/run.py": {"kind", "stacked"},
    "convolver/shell.py": {"self"},
    "convolver/sounds.py": {"kind"},
    "convolver/plan/stages.py": {"cycles"},  # a stage's
    "hw/bus/registers.py": {"self"},  # a bank
    "hw/cores/fork.py": {"join"},  # a block
    "hw/mac/adder_graph.py": {"signs"},  # an adder's
    "hw/primitives/dsp48.py": {"factors"},  # a multiplier's
    "hw/stream/delay.py": {"clocks"},  # a delay's
    "hw/link/fifo245.py": {"clocks"},
    "hw/window/boundaries.py": {"boundary"},  # a port's
    "hw/link/link.py": {"clocks", "kind"},  # a frame's kind
    "hw/link/commands.py": {"kind"},
    "hw/link/inbox.py": {"kind"},
    "hw/stream/slot_timer.py": {"clocks"},
    "host/device.py": {"changes"},  # a border's
    "host/link.py": {"kind"},
    "host/tiling.py": {"planes"},  # where an array's signals or images are
    "sim/golden/exact.py": {"rank"},  # an array's
    "sim/rtl/cells.py": {"operation", "either"},  # operators
    "sim/rtl/control_gating.py": {"either"},  # of two conditions
    "sim/rtl/circuit.py": {"kind", "operation"},  # a token's, and an operator
    "sim/rtl/cpp_expressions.py": {"binary", "exact"},  # an operator's, and a range
    "sim/rtl/expressions.py": {"binary", "exact", "either"},
    "sim/rtl/reading.py": {"kind", "constant", "either"},  # a token's, and of two masks
    "sim/twin/streams.py": {"kind"},  # of stalls
    "sim/wasm/code.py": {"exact"},  # a range
}
"""Names that mean something else in a file."""

DESIGNS = {"design", "self", "plan"}
"""What a design or its plan is called."""

DISPATCHING = {"singledispatch", "singledispatchmethod"}
"""What makes a function of which there is one for each class of its first argument, a method's first but `self`."""

DESIGN_CLASSES = "convolver/designs/"
"""Where the classes of designs, and of what a design answers with, are."""

NOT_DTYPE = "dtype"
"""What has a `kind` in numpy."""

FOLDERS = ("convolver", "hw", "host", "sim", "boards")
FRONTS = ("host/", "boards/", "convolver/cli", "convolver/report", "convolver/selftest")
"""Where there should be none."""

KIND_COLUMN, FORM_COLUMN, FAMILY_COLUMN = "class or kind", "form", "family"
COLUMNS = (KIND_COLUMN, FORM_COLUMN, FAMILY_COLUMN)


def name_of(node: ast.AST) -> str:
    """The last part of a name or attribute, without the underscore of a private one; else nothing."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.lstrip("_")


def is_class(node: ast.AST, heirs: Set[str]) -> bool:
    """Whether a node names a class of a kind: one of `CLASSES`, or of these."""
    return CLASSES.fullmatch(name_of(node)) is not None or name_of(node) in heirs


def _called(node: ast.AST) -> str:
    """The name of a value, or of what is called for it."""
    return name_of(node.func if isinstance(node, ast.Call) else node)


def is_constant(node: ast.AST) -> bool:
    return not any(isinstance(each, ast.Name | ast.Attribute | ast.Call) for each in ast.walk(node))


def design_classes(trees: Mapping[str, ast.AST]) -> dict[str, set[str]]:
    """By file, the names that classes of `DESIGN_CLASSES` have there."""
    bodies = [tree for file, tree in trees.items() if file.startswith(DESIGN_CLASSES)]
    classes = {node.name for tree in bodies for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    found = {}
    for file, tree in trees.items():
        inside = file.startswith(DESIGN_CLASSES)
        found[file] = set(classes) if inside else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (inside or "designs" in str(node.module).split(".")):
                found[file] |= {each.asname or each.name for each in node.names if each.name in classes}
    return found


def dispatches(tree: ast.AST) -> Iterator[tuple[ast.arg, list[ast.AST]]]:
    """The first argument of each function of which there is one for each class of it, and what names these classes. One whose
    other functions are here alone is told by the first of them."""
    found: dict[str, tuple[ast.arg, list[ast.AST]]] = {}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in functions:
        arguments = [each for each in (*node.args.posonlyargs, *node.args.args) if each.arg != "self"]
        for decorator in node.decorator_list if arguments else ():
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if name_of(call) in DISPATCHING:
                name = node.name
            elif isinstance(call, ast.Attribute) and call.attr == "register":
                name = name_of(call.value)
            else:
                continue
            given = decorator.args if isinstance(decorator, ast.Call) else []
            _, classes = found.setdefault(name.lstrip("_"), (arguments[0], []))
            classes += [each for each in (*given, arguments[0].annotation) if each is not None]
    yield from found.values()


def heirs(trees: Iterable[ast.AST], roots: Set[str]) -> set[str]:
    """These classes and all that derive from them."""
    found, bases = set(roots), {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(map(name_of, node.bases))
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


class Names:
    """What counts as a form in one file, or in one function of it.

    Parameters
    ----------
    elsewhere : names that mean something else.
    forms : names of forms.
    stages, sources : names of the classes of stages, and of what says where coefficients come from.
    kinds : names of the classes of kinds.
    answers : names of the classes of designs, and of what a design answers with.
    """

    def __init__(
        self,
        elsewhere: Set[str],
        forms: Set[str] = frozenset(FORM),
        stages: Set[str] = frozenset(),
        sources: Set[str] = frozenset(),
        kinds: Set[str] = frozenset(),
        answers: Set[str] = frozenset(),
    ) -> None:
        self.elsewhere, self.forms = elsewhere, forms
        self.stages, self.sources, self.kinds, self.answers = stages, sources, kinds, answers

    def with_forms(self, more: Set[str]) -> "Names":
        """The same, and more names of forms."""
        return Names(self.elsewhere, self.forms | more, self.stages, self.sources, self.kinds, self.answers)

    def is_kind(self, node: ast.AST) -> bool:
        """Whether a node names a class of a kind."""
        return is_class(node, self.kinds)

    def is_part(self, node: ast.AST) -> bool:
        """Whether a node names a class of stages, or of what says where coefficients come from."""
        return name_of(node) in self.stages | self.sources

    def column(self, node: ast.AST, *, constant: bool = True) -> str | None:
        """What a value is a form of; numbers only where they are compared with a constant."""
        if isinstance(node, ast.Call):
            if name_of(node.func) in ("isinstance", "issubclass"):
                classes = list(ast.walk(node.args[1]))
                if any(map(self.is_kind, classes)):
                    return KIND_COLUMN
                return FORM_COLUMN if any(map(self.is_part, classes)) else None
            if name_of(node.func) in ASKING and node.args and name_of(node.args[0])[:1].isupper():
                return FORM_COLUMN
            if name_of(node.func) in self.forms - FORM - self.elsewhere:  # a function that returns a test
                return FORM_COLUMN
            if name_of(node.func) in ("bool", "any", "all", "len") and node.args:
                return self.column(node.args[0], constant=constant)
            if name_of(node.func) == "hasattr":  # whether it has a field
                return FORM_COLUMN if name_of(node.args[0]) in DESIGNS - self.elsewhere else None
            if name_of(node.func) == "getattr" and not is_constant(node.args[1]):  # one field or another
                return FORM_COLUMN if name_of(node.args[0]) in DESIGNS - self.elsewhere else None
            return self.key(node)
        if isinstance(node, ast.Subscript | ast.NamedExpr):
            return self.column(node.value, constant=constant)
        if isinstance(node, ast.Tuple | ast.List):
            return next(filter(None, (self.column(each, constant=constant) for each in node.elts)), None)
        name = name_of(node)
        if name in self.elsewhere or (isinstance(node, ast.Attribute) and name_of(node.value) == NOT_DTYPE):
            return None
        if name in KIND:
            return KIND_COLUMN
        if name in FAMILY:
            return FAMILY_COLUMN
        return FORM_COLUMN if name in self.forms or (constant and name in COUNTED) else None

    def compared(self, node: ast.Compare) -> str | None:
        """What a comparison asks for."""
        sides = [node.left, *node.comparators]
        if any(self.is_kind(each) for side in sides for each in ast.walk(side)):
            return KIND_COLUMN
        if isinstance(node.ops[0], ast.In | ast.NotIn) and _called(sides[-1]) in MARKS:
            return FORM_COLUMN
        for side in sides:
            constant = any(is_constant(other) for other in sides if other is not side)
            if found := self.column(side, constant=constant):
                return found
        return None

    def key(self, node: ast.AST) -> str | None:
        """What a lookup is keyed by."""
        if isinstance(node, ast.Call) and name_of(node.func) == "type":
            if any(name_of(each) in DESIGNS for each in node.args):
                return KIND_COLUMN
            return FORM_COLUMN if any(name_of(each) in SOURCE_NAMES for each in node.args) else None
        if isinstance(node, ast.Call) and name_of(node.func) == "choice":  # one of some words
            return next(filter(None, (self.column(each, constant=False) for each in node.args)), None)
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            return next(filter(None, (self.column(part, constant=False) for part in parts)), None)
        asked = isinstance(node, ast.Name | ast.Attribute | ast.Tuple)
        return self.column(node, constant=name_of(node) in CHOOSING) if asked else None

    def dispatched(self, classes: Iterable[ast.AST]) -> str | None:
        """What a function is keyed by of which there is one for each of these classes."""
        named = [each for one in classes for each in ast.walk(one)]
        if any(map(self.is_kind, named)):
            return KIND_COLUMN
        return FORM_COLUMN if any(name_of(each) in self.answers for each in named) else None

    def result(self, node: ast.AST | None) -> str | None:
        """What a value tells that is the result of a test."""
        match node:
            case ast.Compare():
                return self.compared(node)
            case ast.BoolOp():
                return next(filter(None, map(self.result, node.values)), None)
            case ast.UnaryOp(op=ast.Not()):
                return self.result(node.operand)
            case ast.Call() | ast.Attribute():
                return self.column(node, constant=False)
        return None

    def is_test(self, node: ast.AST | None, *, kept: bool) -> bool:
        """Whether what is returned is the result of a test; of what isn't kept under a name, a comparison or its opposite."""
        if isinstance(node, ast.BoolOp) and any(isinstance(each, ast.Call) for each in node.values):
            return False  # one thing or another
        plain = isinstance(node, ast.Compare | ast.UnaryOp) or kept
        return plain and self.result(node) in (KIND_COLUMN, FORM_COLUMN)


class Finder(ast.NodeVisitor):
    """Collects the places of one file, each with its column."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.found: dict[tuple[int, int], tuple[str, ast.AST]] = {}

    def _add(self, node: ast.AST, column: str | None) -> None:
        if column:
            self.found.setdefault((node.lineno, node.col_offset), (column, node))  # type: ignore[attr-defined]

    def _test(self, node: ast.AST) -> None:
        """A test or an operand; comparisons, and operands of its own, are visited by themselves."""
        if not isinstance(node, ast.Compare | ast.BoolOp):
            self._add(node, self.names.column(node))

    def visit_Module(self, node: ast.Module) -> None:
        for argument, classes in dispatches(node):
            self._add(argument, self.names.dispatched(classes))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before = self.names
        given = {
            name_of(target)
            for each in ast.walk(node)
            for target, value in assigned(each)
            if isinstance(target, ast.Name) and before.result(value) in (KIND_COLUMN, FORM_COLUMN)
        }
        self.names = before.with_forms(given)
        self.generic_visit(node)
        self.names = before

    def generic_visit(self, node: ast.AST) -> None:
        match node:
            case ast.If() | ast.IfExp() | ast.While() | ast.Assert():
                self._test(node.test)
            case ast.comprehension():
                for test in node.ifs:
                    self._test(test)
            case ast.BoolOp():
                for operand in node.values:
                    self._test(operand)
            case ast.UnaryOp(op=ast.Not()):
                self._test(node.operand)
            case ast.Compare():
                self._add(node, self.names.compared(node))
            case ast.Subscript(ctx=ast.Load()):
                self._add(node, self.names.key(node.slice))
            case ast.BinOp(left=ast.Tuple() | ast.List() as things, op=ast.Mult()) if things.elts and not isinstance(
                node.right, ast.Call
            ):
                self._add(node.right, self.names.column(node.right, constant=False))
            case ast.Call():
                self._call(node)
            case ast.Match():
                self._match(node)
        super().generic_visit(node)

    def _call(self, node: ast.Call) -> None:
        called = name_of(node.func)
        if called in ("isinstance", "issubclass"):
            self._add(node, self.names.column(node))
        elif called in HANDED - self.names.elsewhere:
            self._add(node, FORM_COLUMN)
        elif called in ("If", "Elif", "Mux", "bool") and node.args:
            self._test(node.args[0])
        elif called in ("get", "getattr", "index", "pop"):
            self._add(node, next(filter(None, map(self.names.key, node.args)), None))

    def _match(self, node: ast.Match) -> None:
        column = self.names.column(node.subject)
        for case in node.cases:
            wild = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            classes = [each.cls for each in ast.walk(case.pattern) if isinstance(each, ast.MatchClass)]
            if any(map(self.names.is_kind, classes)):
                self._add(case.pattern, KIND_COLUMN)
            elif any(name_of(each) in self.names.sources for each in classes):
                self._add(case.pattern, FORM_COLUMN)
            else:
                self._add(case.pattern, None if wild else column)
            if case.guard is not None:
                self._test(case.guard)


def assigned(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """What a statement or `:=` gives to a name or attribute."""
    match node:
        case ast.Assign():
            yield from ((target, node.value) for target in node.targets)
        case ast.AnnAssign() | ast.NamedExpr():
            yield node.target, node.value


def attributes(tree: ast.AST, names: Names) -> Iterator[str]:
    """Attributes that are given the result of a test of a form."""
    for node in ast.walk(tree):
        for target, value in assigned(node):
            if isinstance(target, ast.Attribute) and names.result(value) in (KIND_COLUMN, FORM_COLUMN):
                yield name_of(target)


def properties(tree: ast.AST, names: Names) -> Iterator[str]:
    """Properties and functions that return one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
            kept = any("property" in name_of(each) for each in node.decorator_list)
            if returned and all(names.is_test(each, kept=kept) for each in returned):
                yield node.name.lstrip("_")


def places(texts: Mapping[str, str]) -> dict[str, list[tuple[int, str, str]]]:
    """The branches in files: of each their lines, their columns, and what stands there."""
    trees = {file: ast.parse(text) for file, text in texts.items()}
    stages, sources = heirs(trees.values(), STAGES), heirs(trees.values(), SOURCES)
    kinds = heirs(trees.values(), ROOTS) - ROOTS
    answers = design_classes(trees)
    known = {
        file: Names(ELSEWHERE.get(file, set()), stages=stages, sources=sources, kinds=kinds, answers=answers[file])
        for file in trees
    }
    forms: set[str] = set()
    while more := {name for file in trees for name in properties(trees[file], known[file].with_forms(forms))} - forms - FORM:
        forms |= more  # a property may be made of another
    found = {}
    for file, tree in trees.items():
        names = known[file].with_forms(forms)
        finder = Finder(names.with_forms(set(attributes(tree, names))))
        finder.visit(tree)
        found[file] = [(line, column, ast.unparse(node)) for (line, _), (column, node) in sorted(finder.found.items())]
    return found


def branches(root: Path) -> dict[str, list[tuple[int, str, str]]]:
    """The branches in the sources of a checkout."""
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    return places({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print each place")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="the checkout; by default this folder")
    arguments = parser.parse_args()
    total, fronts = Counter[str](), Counter[str]()
    rows = []
    for file, found in branches(arguments.root).items():
        if arguments.list:
            print("".join(f"{file}:{line}: {column}: {text}\n" for line, column, text in found), end="")
        counts = Counter(column for _, column, _ in found)
        total += counts
        fronts += counts if file.startswith(FRONTS) else Counter()
        rows.append((f"`{file}`", counts))
    rows.sort(key=lambda row: (row[1][FAMILY_COLUMN] - row[1].total(), row[0]))
    print(f"| file | {' | '.join(COLUMNS)} |\n|---|---|---|---|")
    for name, counts in [*rows, ("all", total), ("host/, boards/, command line, report, selftest", fronts)]:
        if counts.total():
            print(f"| {name} | {' | '.join(str(counts[column]) for column in COLUMNS)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
