"""The page of the mutants' figures keeps what a run doesn't replace."""

from mutants.page import MARK, merged

TARGETS = ["skid", "bank"]
TEXT = f"# Mutants\n\nHow.\n\n{MARK}\n"
KILLED = ["9", "9", "0", "0", "0", "0", "100.0 %"]


def test_a_run_replaces_the_rows_of_its_own_targets():
    page = merged(
        TEXT, TARGETS, ["bank"], [["bank", "itself", *KILLED]], [["bank", "itself", "inv at a.py:1 A[0]", "open"]], "a"
    )
    page = merged(page, TARGETS, ["skid"], [["skid", "itself", *KILLED]], [], "b")
    lines = page.splitlines()
    assert [line for line in lines if line.startswith(("| bank", "| skid"))] == [
        "| skid | itself | 9 | 9 | 0 | 0 | 0 | 0 | 100.0 % | b |",
        "| bank | itself | 9 | 9 | 0 | 0 | 0 | 0 | 100.0 % | a |",
        "| bank | itself | inv at a.py:1 A[0] | open | a |",
    ]
    page = merged(page, TARGETS, ["bank"], [["bank", "front", *KILLED]], [], "c")
    assert "inv at" not in page
    assert "| bank | front | 9 | 9 | 0 | 0 | 0 | 0 | 100.0 % | c |" in page
    assert "| bank | itself" not in page
    assert page.startswith(TEXT)


def test_what_is_no_target_any_more_goes():
    page = merged(TEXT, TARGETS, ["bank"], [["bank", "itself", *KILLED]], [], "a")
    assert "bank" not in merged(page, ["skid"], ["skid"], [["skid", "itself", *KILLED]], [], "b")
