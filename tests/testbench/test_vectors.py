"""What a testbench sends and expects, whatever the design: all of the golden model, once, in order."""

import numpy as np
import pytest

from convolver import Conv2DDesign, DesignError, FIRDesign, s8
from convolver.host.registers import Register, of_stage
from convolver.shell import Shell
from convolver.sim import golden
from convolver.testbench.vectors import Beat, Read, Wait, Write, vectors
from convolver.testbench.words import Words, results_text, steps_text

from ..named_designs import DESIGNS


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_has_some(name):
    design = DESIGNS[name]
    made = vectors(design, frames=2)
    beats = [step for step in made.steps if isinstance(step, Beat)]
    assert made.beats == len(beats) > 0
    assert sorted({beat.frame for beat in beats}) == list(range(1, len(made.frames) + 1))
    assert [result.frame for result in made.results] == sorted(result.frame for result in made.results)
    assert {result.frame for result in made.results} == {beat.frame for beat in beats}
    assert made.steps[-3:] == [
        Read(Register.STATUS, 0),
        Read(Register.BEATS_IN, len(beats)),
        Read(Register.BEATS_OUT, len(made.results)),
    ]
    waits = [step.results for step in made.steps if isinstance(step, Wait)]
    assert waits == sorted(waits)
    assert waits[-1] == len(made.results)
    # No result is left out but those that the host cuts off.
    assert any(result.mask for result in made.results)
    width = 8 * design.result_bytes * design.pixels_per_clock
    assert all(result.data | result.mask < 1 << width for result in made.results)
    written = {step.address for step in made.steps if isinstance(step, Write) and step.address % 0x40 == Register.COEFFICIENT}
    assert written == {of_stage(Register.COEFFICIENT, stage) for stage in design.loadable_parts}


def test_a_signal_is_that_of_the_golden_model():
    design = FIRDesign([1, -2, 3], data=s8)
    made = vectors(design, frames=1)
    (number,) = (place for place, text in enumerate(made.frames, 1) if text.startswith("random frame 1"))
    sent = [step.data for step in made.steps if isinstance(step, Beat) and step.frame == number]
    samples = np.array([(value ^ 0x80) - 0x80 for value in sent])
    came = [(one.data ^ 0x8000) - 0x8000 for one in made.results if one.frame == number]
    assert came == golden.run(design, samples).tolist()
    marks = [one.last for one in made.results if one.frame == number]
    assert marks == [False] * (len(came) - 1) + [True]


def test_what_the_host_pads_is_sent_and_what_it_cuts_is_not_compared():
    padded = vectors(Conv2DDesign([[1, 2, 3]], mode="full", rows=9, columns=9), frames=0)
    (columns,) = {step.value for step in padded.steps[:8] if isinstance(step, Write) and step.address == Register.COLUMNS}
    assert padded.frames[0] == f"all zero, 9 x {columns} pixels"
    assert columns == 9 + 4  # two more on either side
    tiny = vectors(Conv2DDesign([[1, 2, 3]], boundary="reflect", rows=9, columns=9, switchable=True), frames=0)
    assert not all(result.mask for result in tiny.results)  # an image of one pixel is made larger


def test_frames_of_one_size_come_without_a_pause():
    made = vectors(Conv2DDesign([[1, 2], [3, 4]], rows=9, columns=9), frames=0)
    (first,) = (place for place, text in enumerate(made.frames, 1) if text.startswith("in a row 1"))
    steps = [step for step in made.steps if isinstance(step, Beat) and step.frame >= first]
    at = made.steps.index(steps[0])
    assert made.steps[at : at + len(steps)] == steps


def test_the_same_seed_gives_the_same():
    design = DESIGNS["fir_loadable"]
    words = Words(1, 8, 1, 8)
    one, same, other = (vectors(design, seed=seed) for seed in (3, 3, 4))
    assert steps_text(words, one) == steps_text(words, same) != steps_text(words, other)
    assert results_text(words, one) == results_text(words, same) != results_text(words, other)


def test_without_registers_frames_have_the_largest_size_and_nothing_is_told():
    design = Conv2DDesign([[1, 2], [3, 4]], rows=9, columns=11, boundary="edge")
    made = vectors(design, shell=Shell())
    assert {type(step) for step in made.steps} == {Beat, Wait}
    assert len(made.frames) > 10
    assert {text.split(", ")[-1] for text in made.frames} == {"9 x 11 pixels"}
    assert not made.cut


def test_of_a_very_large_frame_the_first_lines_are_sent():
    design = Conv2DDesign([[1, 2, 1]] * 5, rows=4096, columns=1920, boundary="edge")
    made = vectors(design, shell=Shell())
    assert made.cut
    beats = [step.data for step in made.steps if isinstance(step, Beat)]
    lines = len(beats) // 1920
    assert 5 < lines < 20
    wanted = golden.run(design, np.array(beats).reshape(lines, 1920))
    # The last rows need lines that aren't sent.
    assert len(made.results) == (lines - 3) * 1920
    size = 8 * design.result_bytes
    assert [one.data for one in made.results] == (wanted[: lines - 3] & ((1 << size) - 1)).ravel().tolist()


@pytest.mark.parametrize(
    ("design", "shell", "message"),
    [
        (
            FIRDesign([1, 2], data=s8, continuous=True),
            Shell(registers="none"),
            'A testbench of a continuous design must have the registers "full", not "none"',
        ),
    ],
)
def test_a_shell_that_no_testbench_drives_is_refused(design, shell, message):
    with pytest.raises(DesignError, match=f"^{message}$"):
        vectors(design, shell=shell)
