"""The ports of a core, and C++ that accesses them for driver.h."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from ..rtl.names import mangled

__all__ = ["MARKS", "Field", "Ports", "glue"]

MARKS = ("first", "last", "eol", "keep")
"""Marks of a beat, in the order of their bits; each has one bit, except the last."""


FRAME = ("rows", "columns", "boundary", "fill")
"""Ports that a core samples with a frame's first beat."""


BORDER = ("boundary_", "fill_")
"""Prefixes of the border ports of several filters; their values stay until they are changed."""


@dataclass(frozen=True)
class Field:
    """Bits of a payload; for an array, or nested arrays, the first of `count` elements."""

    offset: int
    width: int
    signed: bool = False
    count: int = 1


@dataclass(frozen=True)
class Ports:
    """The ports of a core that the driver drives or reads; those that a component lacks are empty.

    `input`, `output` and `coefficients` are the fields of the three streams' payloads, by name. `borders` are widths
    and initial values of the border ports of several filters, by name. `functions` are the functions that `glue` writes
    for the driver in `header`.
    """

    input: dict[str, Field]
    output: dict[str, Field]
    coefficients: dict[str, Field]
    errors: dict[str, Field]
    sizes: dict[str, int]
    flags: tuple[str, ...]
    latency: int | None
    borders: dict[str, tuple[int, int]]

    functions: ClassVar[tuple[str, ...]] = ("new", "delete", "run", "reset", "look", "choose")
    header: ClassVar[str] = "driver.h"

    @classmethod
    def of(cls, component: Any) -> Self:
        """The ports of an Amaranth component with streams `i` and `o`."""
        from amaranth.hdl import Shape

        members = component.signature.members
        latency = getattr(component, "latency", None)
        return cls(
            input=_payload(members["i"]),
            output=_payload(members["o"]),
            coefficients=_payload(members["coefficients"]) if "coefficients" in members else {},
            errors=_fields(members["errors"].shape) if "errors" in members else {},
            sizes={name: Shape.cast(members[name].shape).width for name in FRAME if name in members},
            flags=tuple(name for name in ("busy", "pending", "overflow") if name in members),
            latency=latency if isinstance(latency, int) else None,
            borders={
                name: (Shape.cast(member.shape).width, int(member.init or 0))
                for name, member in members.items()
                if name.startswith(BORDER)
            },
        )

    @property
    def words(self) -> int:
        """64-bit words of the results of a beat; each result has its own words."""
        return self.output["data"].count * self.result_words

    @property
    def result_words(self) -> int:
        """64-bit words of one result."""
        return -(-self.output["data"].width // 64)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the cache."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        fields = {
            name: {key: Field(**field) for key, field in plain[name].items()}
            for name in ("input", "output", "coefficients", "errors")
        }
        return cls(
            **fields,
            sizes=plain["sizes"],
            flags=tuple(plain["flags"]),
            latency=plain["latency"],
            borders={name: (width, value) for name, (width, value) in plain["borders"].items()},
        )


def _payload(member: Any) -> dict[str, Field]:
    return _fields(member.signature.members["payload"].shape)


def _fields(shape: Any) -> dict[str, Field]:
    """The fields of a struct; any other payload is a single field `data`."""
    from amaranth.hdl import Shape
    from amaranth.lib import data

    if isinstance(shape, data.StructLayout):
        fields = {}
        for name, field in shape:
            inner, count = field.shape, 1
            while isinstance(inner, data.ArrayLayout):
                inner, count = inner.elem_shape, inner.length * count
            cast = Shape.cast(inner)
            fields[name] = Field(field.offset, cast.width, cast.signed, count)
        return fields
    cast = Shape.cast(shape)
    return {"data": Field(0, cast.width, cast.signed)}


def glue(ports: Ports, number: int) -> str:
    """C++ that gives driver.h access to the ports of design `number`, and the functions that Python calls."""
    top = f"design_{number}::top"
    errors = " | ".join(f"unsigned({_cut('errors', field)}.low()) << {bit}" for bit, field in enumerate(ports.errors.values()))
    if all((field.offset, field.width) == (bit, 1) for bit, field in enumerate(ports.errors.values())):
        errors = f"t.{mangled('errors')}.low()" if ports.errors else ""
    sizes = [f"t.{mangled(name)} = value<{width}>::of(u64({name}));" for name, width in ports.sizes.items()]
    flags = {name: f"t.{mangled(name)}.low()" if name in ports.flags else "0" for name in ("busy", "pending", "overflow")}
    data = ports.output["data"]
    marks = " | ".join(
        f"{_cut('o__payload', field)}.low() << {bit}" for bit, field in _side_by_side(ports.output, MARKS).items()
    )
    coefficients = ports.coefficients
    simulation = f"simulation<core_{number}>"
    this = f"static_cast<{simulation} *>(s)"
    read = [
        f"read_result<{data.width}, {'true' if data.signed else 'false'}, {data.offset + lane * data.width}>"
        f"(t.{mangled('o__payload')}, words + {lane * ports.result_words});"
        for lane in range(data.count)
    ]
    load = _drive("coefficients", coefficients, ("last", "stage")) if coefficients else []
    return "\n".join(
        [
            "namespace {",
            "using namespace twin;",
            f"struct core_{number} {{",
            f"\tusing top = {top};",
            f"\tstatic constexpr bool loadable = {'true' if coefficients else 'false'};",
            f"\tstatic constexpr size_t samples = {ports.input['data'].count};",
            f"\tstatic constexpr size_t result_words = {ports.words};",
            "\tTWIN_INLINE static void set_input(top &t, bool valid, const i64 *data, i64 flip, std::uint8_t marks) {",
            *(f"\t\t{line}" for line in _drive("i", ports.input, MARKS)),
            "\t}",
            "\tTWIN_INLINE static void set_frame(top &t, i64 rows, i64 columns, i64 boundary, i64 fill) {",
            "\t\t(void)boundary, (void)fill;",
            *(f"\t\t{line}" for line in sizes),
            "\t}",
            "\tTWIN_INLINE static void set_coefficient(top &t, bool valid, const i64 *data, std::uint8_t marks) {",
            "\t\tconstexpr i64 flip = 0;",
            *(f"\t\t{line}" for line in load),
            "\t}",
            _getter("coefficient_ready", f"t.{mangled('coefficients__ready')}.low()" if coefficients else "1"),
            _getter("input_ready", f"t.{mangled('i__ready')}.low()"),
            "\tTWIN_INLINE static void set_output_ready(top &t, bool ready) { "
            f"t.{mangled('o__ready')} = value<1>::of(ready); }}",
            _getter("output_valid", f"t.{mangled('o__valid')}.low()"),
            _getter("output_marks", marks or "0"),
            f"\tTWIN_INLINE static void read_output(const top &t, i64 *words) {{ {' '.join(read)} }}",
            _getter("errors", errors or "0"),
            *(_getter(name, text) for name, text in flags.items()),
            "};",
            "} // namespace",
            'extern "C" {',
            f"void *twin_new_{number}() {{ return new {simulation}; }}",
            f"void twin_delete_{number}(void *s) {{ delete {this}; }}",
            f"int twin_run_{number}(void *s, job *j, i64 clocks) {{ return {this}->run(*j, clocks); }}",
            f"void twin_reset_{number}(void *s, i64 clocks) {{ {this}->reset(clocks); }}",
            f"void twin_look_{number}(void *s, job *j) {{ {this}->look(*j); }}",
            f"void twin_choose_{number}(void *s, const i64 *chosen) {{ auto &t = {this}->top; (void)t, (void)chosen;",
            *(
                f"\tt.{mangled(name)} = value<{width}>::of(u64(chosen[{place}]));"
                for place, (name, (width, _)) in enumerate(ports.borders.items())
            ),
            "}",
            "}",
            "",
        ]
    )


def _getter(name: str, text: str) -> str:
    return f"\tTWIN_INLINE static unsigned {name}(const top &t) {{ return unsigned({text}); }}"


def _cut(port: str, field: Field) -> str:
    return f"t.{mangled(port)}.template cut<{field.offset + field.width - 1}, {field.offset}>()"


def _side_by_side(fields: dict[str, Field], marks: tuple[str, ...]) -> dict[int, Field]:
    """Fields of the bits of `marks`, by their first bit. Marks that are adjacent and in order share one field."""
    found: dict[int, Field] = {}
    for bit, name in enumerate(marks):
        if name not in fields:
            continue
        field = fields[name]
        first, before = next(reversed(found.items()), (bit, None))
        if before is not None and (first + before.width, before.offset + before.width) == (bit, field.offset):
            found[first] = Field(before.offset, before.width + field.width)
        else:
            found[bit] = field
    return found


def _drive(stream: str, fields: dict[str, Field], marks: tuple[str, ...]) -> list[str]:
    """Statements that drive `valid`, `data` and `marks` of a stream."""
    port = f"t.{mangled(f'{stream}__payload')}"
    lines = [f"t.{mangled(f'{stream}__valid')} = value<1>::of(valid);", f"std::decay_t<decltype({port})> payload;"]
    data, width = fields["data"], fields["data"].width
    values = {
        Field(data.offset + lane * width, width): f"value<64>::of(u64(data[{lane}] ^ flip)).template scast<{width}>()"
        for lane in range(data.count)
    }
    for bit, field in _side_by_side(fields, marks).items():
        values[field] = f"value<{field.width}>::of(marks >> {bit} & {(1 << field.width) - 1})"
    for field, value in values.items():
        lines.append(f"payload.template paste<{field.offset + field.width - 1}, {field.offset}>({value});")
    lines.append(f"{port} = payload;")
    return [*lines, "(void)data, (void)flip, (void)marks;"]
