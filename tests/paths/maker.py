"""A maker's path: from a photo to a bitstream. The build takes minutes."""

from .walk import Walk


def walk(path: Walk) -> None:
    photo = path.photo()
    path.run("convolver", "doctor", expect="C++ compiler")
    path.run("convolver", "new", "edges.toml", "--filter", "edges")
    path.run("convolver", "run", photo, "--gray", "--design", "edges.toml", "--output", "edges.png")
    path.made("edges.png", 10_000)
    path.run("convolver", "boards", expect="icebreaker")
    path.run("convolver", "report", "--design", "edges.toml", "--board", "ulx3s-85f", expect="ulx3s-85f has room")
    path.run("convolver", "build", "--board", "ulx3s-85f", "--design", "edges.toml", expect="bitstream: ")
    path.made("build/ulx3s-85f/top.bit", 10_000)
