"""The page of the proofs keeps what a run doesn't renew."""

from formal.page import MARK, merged

NAMES = [("skid buffer", "8 bits"), ("delay", "3 clocks"), ("delay", "1 clock")]
TEXT = f"# Proofs\n\nHow.\n\n{MARK}\n"


def row(name: tuple[str, str], of: str) -> list[str]:
    return [*name, "all time", "8", "1", "2", of]


def test_a_proof_renews_its_own_row():
    page = merged(TEXT, NAMES, NAMES[1], row(NAMES[1], "a"), "yosys 1")
    page = merged(page, NAMES, NAMES[2], row(NAMES[2], "a"), "yosys 1")
    page = merged(page, NAMES, NAMES[0], row(NAMES[0], "b"), "yosys 2")
    page = merged(page, NAMES, NAMES[1], row(NAMES[1], "c"), "yosys 2")
    assert page.startswith(TEXT)
    assert [line for line in page.splitlines() if " all time " in line] == [
        "| skid buffer | 8 bits | all time | 8 | 1 | 2 | b |",
        "| delay | 3 clocks | all time | 8 | 1 | 2 | c |",
        "| delay | 1 clock | all time | 8 | 1 | 2 | a |",
    ]
    assert "yosys 2" in page
    assert "yosys 1" not in page


def test_a_proof_that_fails_has_no_row():
    page = merged(TEXT, NAMES, NAMES[1], row(NAMES[1], "a"), "yosys 1")
    assert "| delay" not in merged(page, NAMES, NAMES[1], None, "yosys 1")


def test_what_is_proved_no_more_goes():
    page = merged(TEXT, NAMES, NAMES[1], row(NAMES[1], "a"), "yosys 1")
    assert "| delay" not in merged(page, NAMES[:1], NAMES[0], row(NAMES[0], "a"), "yosys 1")
