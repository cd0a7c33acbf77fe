"""A DSP engineer's path: from a specification to a filter that passes its testbench in Icarus Verilog."""

import wave

import numpy as np

from .walk import Walk

RATE = 48_000


def walk(path: Walk, *options_of_bench: str) -> None:
    options = ("--filter", "lowpass", "--fs", "48k", "--passband", "3k", "--stopband", "4k", "--clock", "100M", "--rate", "48k")
    path.run("convolver", "new", "low.toml", *options)
    path.run("convolver", "report", "--design", "low.toml", "--plot", "low.svg", "--no-measure", expect="multipliers   1")
    path.made("low.svg", 10_000)
    path.run(
        "convolver", "generate", "--design", "low.toml", "--output", "low.v", "--name", "low", "--testbench", *options_of_bench
    )
    if path.has("iverilog", "the testbench"):
        path.run("iverilog", "-g2005", "-o", "low_tb.vvp", "low_tb.v", "low.v")
        path.run("vvp", "-N", "low_tb.vvp", expect="PASS: ")
    seconds = np.arange(RATE // 4) / RATE
    tones = 8000 * (np.sin(2 * np.pi * 1000 * seconds) + np.sin(2 * np.pi * 9000 * seconds))
    with wave.open(str(path.folder / "in.wav"), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(tones.astype("<i2").tobytes())
    path.run("convolver", "run", "in.wav", "--design", "low.toml", "--output", "out.wav")
    with wave.open(str(path.made("out.wav")), "rb") as sound:
        filtered = np.frombuffer(sound.readframes(RATE), "<i2")[2000:]
    spectrum = np.abs(np.fft.rfft(filtered * np.hanning(len(filtered))))
    at = [round(hertz * len(filtered) / RATE) for hertz in (1000, 9000)]
    assert spectrum[at[1]] < spectrum[at[0]] / 900, "9 kHz must be 59 dB below 1 kHz"
