"""Waves of the twin: what they tell is what went through, a reader of VCD finds it all, and views name each signal."""

import io
import re
import shutil

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

import convolver
from convolver import Conv2DDesign, DesignError, FileError, FIRDesign, ToolError, cli, s8
from convolver.host.device import Device
from convolver.sim import golden
from convolver.sim.twin.core import TwinTransport
from convolver.sim.twin.waves import Waves

FIR = FIRDesign([3, -5, 7], data=s8)
IMAGE = Conv2DDesign([[1, 2], [3, 4]], rows=8, columns=16, boundary="edge", pixels_per_clock=2)


def recorded(design, *arrays, most=10_000):
    waves = Waves(design, most)
    with Device(TwinTransport(design, waves=waves)) as device:
        for array in arrays:
            device(array)
    return waves


def transfers(waves, end):
    """The data and marks of each clock in which a beat went."""
    lines = {line.name: line.values for line in waves.lines}
    names = [name for name in lines if name.startswith(f"{end}_data")]
    went = [clock for clock in range(waves.clocks) if lines[f"{end}_valid"][clock] and lines[f"{end}_ready"][clock]]
    return [tuple(lines[name][clock] for name in names) for clock in went], [lines[f"{end}_first"][clock] for clock in went]


def test_a_signal_goes_in_and_out():
    one, two = np.arange(-20, 20), np.array([5, -7])
    waves = recorded(FIR, one, two)
    taken, firsts = transfers(waves, "i")
    assert taken == [(value,) for value in (*one, *two)]
    assert firsts == [1, *[0] * 39, 1, 0]
    given, firsts = transfers(waves, "o")
    assert given == [(value,) for array in (one, two) for value in golden.run(FIR, array).tolist()]
    assert [number for number, first in enumerate(firsts) if first] == [0, 40]
    frames = next(line.values for line in waves.lines if line.name == "frame")
    assert (frames[0], frames[-1], sorted(set(frames))) == (1, 2, [1, 2])
    assert all(len(line.values) == waves.clocks for line in waves.lines)


def test_several_pixels_a_clock_have_lines_of_their_own():
    image = np.random.default_rng(1).integers(0, 256, (5, 14))
    taken, _ = transfers(waves := recorded(IMAGE, image), "i")
    assert np.array_equal(np.array(taken).reshape(5, 14), image)
    given, _ = transfers(waves, "o")
    assert np.array_equal(np.array(given).reshape(5, 14), golden.run(IMAGE, image))
    assert {"i_keep", "o_keep", "i_eol", "o_data_1"} <= {line.name for line in waves.lines}


def test_a_folded_core_keeps_samples_waiting():
    waves = recorded(FIR.replace(clocks_per_sample=3), np.arange(12))
    lines = {line.name: line.values for line in waves.lines}
    waiting = [clock for clock in range(waves.clocks) if lines["i_valid"][clock] and not lines["i_ready"][clock]]
    assert len(waiting) > 15
    # An offer stays as it is.
    assert all(lines["i_data"][clock] == lines["i_data"][clock + 1] for clock in waiting)


def read(text):
    """Values of each signal at each rising edge, from a VCD."""
    names, now, edges = {}, {}, []
    clock = None
    for token in tokenize(io.BytesIO(text.encode())):
        if token.kind is TokenKind.VAR:
            names[token.var.id_code] = token.var.reference
        elif token.kind is TokenKind.CHANGE_TIME:
            if clock:
                edges.append(dict(now))
            clock = False
        elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR):
            change = token.data
            now[names[change.id_code]] = change.value
            clock = clock or (names[change.id_code] == "clk" and change.value == "1")
    return edges


def test_a_reader_of_vcd_finds_all_of_it():
    waves = recorded(FIR, np.array([1, -2, 3]))
    edges = read(waves.vcd())
    assert len(edges) == waves.clocks
    for line in waves.lines:
        for edge, value in zip(edges, line.values, strict=True):
            if value is None:
                assert edge[line.name] in ("x", "X")
            else:
                assert int(edge[line.name]) == value & ((1 << line.width) - 1)


def test_no_more_than_so_many_clocks_are_kept():
    waves = recorded(FIR, np.arange(100), np.arange(100), most=150)
    assert waves.clocks == 150
    assert all(len(line.values) == 150 for line in waves.lines)


def test_files_and_views(tmp_path):
    path = tmp_path / "fir.vcd"
    with convolver.open(FIR, waves=path) as device:
        device([1, 2, 3])
        assert not path.exists()
    assert len(read(path.read_text())) > 3
    names = {"clk", "i_data", "o_data", "i_valid", "frame"}
    assert names <= set(re.findall(r"^core\.(\w+)", (tmp_path / "fir.gtkw").read_text(), re.MULTILINE))
    assert "@420\ncore.i_data[7:0]\n" in (tmp_path / "fir.gtkw").read_text()
    assert names <= set(re.findall(r"^variable_add core\.(\w+)$", (tmp_path / "fir.sucl").read_text(), re.MULTILINE))


@pytest.mark.parametrize(("design", "digits"), [(FIR, 4), (FIR.replace(data="s16"), 6), (IMAGE, 3)])
def test_gtkwave_begins_where_numbers_can_be_read(design, digits):
    """It draws 200 pixels for 2**zoom nanoseconds, and a clock has ten: each number has room in its clock."""
    found = re.search(r"^\*-([\d.]+) 0$", Waves(design).gtkwave("a.vcd"), re.MULTILINE)
    assert 9 * digits < 200 * 10 / 2 ** float(found[1]) < 9 * (digits + 4)


@pytest.mark.parametrize("design", [FIR, IMAGE], ids=["fir", "image"])
def test_surfer_shows_numbers_as_numbers(design):
    """Each signal of several bits gets its format once it is focused, by its place in letters."""
    waves = Waves(design)
    *commands, unfocus, fit = waves.surfer().splitlines()
    assert (unfocus, fit) == ("item_unfocus", "zoom_fit")
    names = [line.split(" core.")[1] for line in commands if line.startswith("variable_add ")]
    formats = re.findall(r"^item_focus ([a-p]+)\nitem_set_format (\w+)$", "\n".join(commands[len(names) :]), re.MULTILINE)
    places = [int("".join(format(ord(letter) - ord("a"), "x") for letter in letters), 16) for letters, _ in formats]
    told = {names[place]: form for place, (_, form) in zip(places, formats, strict=True)}
    assert told == {line.name: "Signed" if line.signed else "Unsigned" for line in waves.lines if line.width > 1}
    assert len(commands) == len(names) + 2 * len(formats)
    assert {"i_data", "frame"} <= told.keys() or {"i_data_1", "frame"} <= told.keys()


def test_text():
    text = recorded(FIR, np.array([1, 2, 3])).text(4)
    rows = dict(re.findall(r"^(\w+) +(.*)$", text, re.MULTILINE))
    assert rows["clock"].split() == ["0", "1", "2", "3"]
    assert rows["i_data"].split() == ["1", "2", "3", "."]
    assert text.endswith(" more clocks")


def test_the_command(tmp_path, capsys, monkeypatch):
    design, source, output = tmp_path / "a.toml", tmp_path / "in.npy", tmp_path / "out.npy"
    design.write_text(FIR.to_toml())
    np.save(source, np.array([1, 2, 3]))
    command = ["run", str(source), "-d", str(design), "-o", str(output), "--waves"]
    assert cli.main([*command, "-"]) == 0
    assert re.search(r"^i_data +1 2 3", capsys.readouterr().out, re.MULTILINE)
    assert cli.main([*command, str(tmp_path / "a.vcd")]) == 0
    waves = f"waves: {tmp_path / 'a.vcd'}, with a.gtkw for GTKWave and a.sucl for Surfer\n"
    assert capsys.readouterr().out == f"written: {output}\n{waves}"
    assert (tmp_path / "a.vcd").exists()
    monkeypatch.setattr("convolver.sim.twin.waves.MOST_CLOCKS", 5)
    assert cli.main([*command, str(tmp_path / "a.vcd")]) == 0
    assert re.search(r"a\.vcd, the first 5 of \d\d clocks, with a\.gtkw", capsys.readouterr().out)


def test_refusals(tmp_path, monkeypatch):
    with pytest.raises(FileError, match=r"^Waves must go to a file that ends with \.vcd or \.fst, not 'a\.png'$"):
        convolver.open(FIR, waves=tmp_path / "a.png")
    with pytest.raises(FileError, match=r"^A file of waves must be a path, not 3$"):
        convolver.open(FIR, waves=3)
    with pytest.raises(DesignError, match=r"^Waves are those of a design's twin; open a design, not an address$"):
        convolver.open("tcp://localhost:1", waves=tmp_path / "a.vcd")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolError, match=r"^Waves as FST need vcd2fst, which comes with GTKWave"):
        convolver.open(FIR, waves=tmp_path / "a.fst")
