"""A vision engineer's path: two filters as one core, tried on a photo, and its Verilog with a testbench."""

from .walk import ROOT, Walk


def walk(path: Walk) -> None:
    photo = path.photo()
    path.write("outlines.toml", (ROOT / "examples" / "outlines.toml").read_text(encoding="utf-8"))
    path.run("convolver", "report", "--design", "outlines.toml", "--html", "outlines.html", "--on", photo, "--no-measure")
    path.made("outlines.html", 50_000)
    path.run("convolver", "run", photo, "--gray", "--design", "outlines.toml", "--output", "outlines.png")
    path.made("outlines.png", 2_000)
    path.run(
        "convolver", "generate", "--design", "outlines.toml", "--output", "outlines.v", "--name", "outlines", "--testbench"
    )
    if path.has("iverilog", "the testbench"):
        path.run("iverilog", "-g2005", "-o", "outlines_tb.vvp", "outlines_tb.v", "outlines.v")
        path.run("vvp", "-N", "outlines_tb.vvp", expect="PASS: ")
    path.write(
        "two.py",
        """\
import numpy as np
import convolver

design = convolver.load_design("outlines.toml")
blur, edges = design.stages
image = np.random.default_rng(1).integers(0, 256, (60, 80), dtype=np.uint8)
with convolver.open(design) as both, convolver.open(blur) as first, convolver.open(edges) as second:
    print("equal:", np.array_equal(both(image), second(first(image))))
""",
    )
    path.run("python", "two.py", expect="equal: True")
