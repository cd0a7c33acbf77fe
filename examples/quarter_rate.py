"""1 MS/s of 16 bits to 250 kS/s with 60 dB: from a specification to Verilog that passes its testbench, and to a sound.

    python examples/quarter_rate.py FOLDER

The testbench is run where Icarus Verilog is installed, or else Verilator.
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


def design() -> convolver.Pipeline:
    """The chain with the fewest multiplications that keeps what is below 100 kHz, and lets nothing fold back on it."""
    return convolver.resampler(IN_HZ, OUT_HZ, passband=100_000, ripple_db=0.5, attenuation_db=60).design


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


def simulate(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)


def walk(folder: Path) -> None:
    """All of it, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file, verilog = folder / "quarter_rate.toml", folder / "quarter_rate.v"
    file.write_text(design().to_toml(), encoding="utf-8")
    print(convolver.resampler(IN_HZ, OUT_HZ, passband=100_000, ripple_db=0.5, attenuation_db=60).text())
    run("report", "--design", str(file), "--family", "ecp5")
    run("generate", "--design", str(file), "--output", str(verilog), "--testbench")
    sources = [f"{verilog.stem}_tb.v", verilog.name]
    if shutil.which("iverilog"):
        simulate(folder, "iverilog", "-g2005", "-o", "quarter_rate.vvp", *sources)
        simulate(folder, "vvp", "-n", "quarter_rate.vvp")
    elif shutil.which("verilator"):
        simulate(
            folder,
            "verilator",
            "--binary",
            "--trace",
            "--top-module",
            "quarter_rate_tb",
            "-o",
            "bench",
            "quarter_rate.vlt",
            *sources,
        )
        simulate(folder, "obj_dir/bench")
    write_sound(folder / "in.wav")
    run("run", str(folder / "in.wav"), "--design", str(file), "--output", str(folder / "out.wav"))


if __name__ == "__main__":
    walk(Path(sys.argv[1] if len(sys.argv) > 1 else "quarter_rate"))
