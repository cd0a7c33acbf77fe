"""`convolver doctor`."""

__all__ = ["doctor"]


def doctor() -> None:
    """Says what is installed, what is missing, and the command that mends each."""
    from ..health import report

    print(report())
