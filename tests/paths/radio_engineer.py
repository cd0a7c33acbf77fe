"""A radio engineer's path: 1 MS/s to 250 kS/s with 60 dB, from a sentence to Verilog that passes its testbench, and a sound."""

import wave

import numpy as np

from .walk import Walk

IN_HZ, OUT_HZ = 1_000_000, 250_000


def walk(path: Walk, *options_of_bench: str) -> None:
    told = ("--passband", "100k", "--attenuation", "60", "--output", "quarter.toml", "--plot", "quarter.png")
    path.run("convolver", "resampler", "1M", "250k", *told, expect="multiplications/s")
    path.made("quarter.png", 10_000)
    path.run("convolver", "report", "--design", "quarter.toml", "--family", "ecp5", expect="multipliers")
    path.run("convolver", "generate", "--design", "quarter.toml", "--output", "quarter.v", "--testbench", *options_of_bench)
    if path.has("iverilog", "the testbench"):
        path.run("iverilog", "-g2005", "-o", "quarter.vvp", "quarter_tb.v", "quarter.v")
        path.run("vvp", "-n", "quarter.vvp", expect="PASS: ")
    seconds = np.arange(IN_HZ // 20) / IN_HZ
    tones = 10_000 * (np.sin(2 * np.pi * 20_000 * seconds) + np.sin(2 * np.pi * 210_000 * seconds))
    with wave.open(str(path.folder / "in.wav"), "wb") as sound:
        sound.setparams((1, 2, IN_HZ, 0, "NONE", ""))
        sound.writeframes(tones.astype("<i2").tobytes())
    path.run("convolver", "run", "in.wav", "--design", "quarter.toml", "--output", "out.wav")
    with wave.open(str(path.made("out.wav")), "rb") as sound:
        assert sound.getframerate() == OUT_HZ, f"{sound.getframerate()} Hz, not {OUT_HZ}"
        slower = np.frombuffer(sound.readframes(OUT_HZ), "<i2")[500:]
    spectrum = np.abs(np.fft.rfft(slower * np.hanning(len(slower))))
    # 210 kHz would fold back on 40 kHz.
    stays, folds = (spectrum[round(hertz * len(slower) / OUT_HZ)] for hertz in (20_000, 40_000))
    assert folds < stays / 900, "what folds back from 210 kHz must be 59 dB below 20 kHz"
