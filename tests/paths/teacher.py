"""A teacher's path: a page of lessons in which a browser clocks the core, and a notebook's pages for those who go on."""

from .walk import Walk


def walk(path: Walk) -> None:
    path.run("convolver", "page", "--output", "lessons.html", "--no-open")
    path.made("lessons.html", 100_000)
    path.run("convolver", "new", "mine.toml", "--filter", "kernel", "--numbers", "0 1 0; 1 -4 1; 0 1 0")
    path.run("convolver", "page", "mine.toml", "--output", "mine.html", "--no-open")
    path.made("mine.html", 50_000)
    path.write("tiny.csv", "1,2,3,4\n5,6,7,8\n9,10,11,12\n")
    path.run("convolver", "run", "tiny.csv", "--design", "mine.toml", "--output", "out.csv", "--waves", "-", expect="i_data")
    path.made("out.csv")
