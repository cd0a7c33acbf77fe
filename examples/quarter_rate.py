"""1 MS/s of 16 bits to 250 kS/s with 60 dB: from a specification to Verilog that passes its testbench, and to a sound.

    python examples/quarter_rate.py FOLDER

The testbench is run where Icarus Verilog is installed.
"""

import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

import convolver
from convolver.cli import main

IN_HZ, OUT_HZ = 1_000_000, 250_000


def design() -> convolver.ResampleDesign:
    """A low-pass that lets 100 kHz through, and takes away 60 dB from 125 kHz on; of its results each fourth is made."""
    low = convolver.FIRDesign.lowpass(passband=100_000, stopband=125_000, fs=IN_HZ, ripple_db=0.5, attenuation_db=60)
    return convolver.ResampleDesign(
        low.coefficients,
        down=IN_HZ // OUT_HZ,
        data=convolver.s16,
        coefficient=low.coefficient,
        shift=low.shift,
        output=convolver.s16,
    )


def write_sound(path: Path) -> None:
    """A tone of 20 kHz that stays, and one of 150 kHz that goes."""
    seconds = np.arange(IN_HZ // 10) / IN_HZ
    tones = np.sin(2 * np.pi * 20_000 * seconds) + np.sin(2 * np.pi * 150_000 * seconds)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, IN_HZ, 0, "NONE", ""))
        sound.writeframes((tones * 10_000).astype("<i2").tobytes())


def run(*command: str) -> None:
    if code := main(list(command)):
        sys.exit(code)


def walk(folder: Path) -> None:
    """All of it, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file, verilog = folder / "quarter_rate.toml", folder / "quarter_rate.v"
    file.write_text(design().to_toml(), encoding="utf-8")
    run("report", "--design", str(file), "--family", "ecp5")
    run("generate", "--design", str(file), "--output", str(verilog), "--testbench")
    if shutil.which("iverilog"):
        program = folder / "quarter_rate.vvp"
        sources = [verilog.name, f"{verilog.stem}_tb.v"]
        subprocess.run(["iverilog", "-g2005", "-o", program.name, *sources], cwd=folder, check=True)
        subprocess.run(["vvp", "-n", program.name], cwd=folder, check=True)
    write_sound(folder / "in.wav")
    run("run", str(folder / "in.wav"), "--design", str(file), "--output", str(folder / "out.wav"))


if __name__ == "__main__":
    walk(Path(sys.argv[1] if len(sys.argv) > 1 else "quarter_rate"))
