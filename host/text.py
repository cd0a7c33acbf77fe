"""What a message may show of what others have said, and of an address, in which a token may stand."""

import re
from urllib.parse import unquote

__all__ = ["printable", "shown"]

_HIDDEN = "…"
_PLAIN = re.compile(r"[\w.:%\[\]-]*")
"""What names of machines and numbers of ports are made of."""


def printable(text: object, most: int = 300) -> str:
    """The text with escapes in the place of what can't be printed, cut to `most` characters."""
    whole = str(text)
    start = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in whole[:most])
    return start if len(whole) <= most and len(start) <= most else f"{start[: most - 1]}…"


def shown(url: str) -> str:
    """The address as it may be printed: no more than its kind and its place, so that no token is in it, however it was written.

    Of ``tcp://`` and ``tls://`` that is machine and port, of a port its name and a rate in digits, of anything else the part in
    front of the first character that begins an option; a word that looks like an option's is hidden everywhere.
    """
    scheme, parted, rest = url.partition("://")
    if not parted:
        scheme, rest = "", url
    place, options = re.fullmatch(r"([^?#;&]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # fits anything
    if scheme.lower() in ("tcp", "tls"):
        place = place.partition("/")[0]
        place = place if _PLAIN.fullmatch(place) else _HIDDEN
    elif "@" in place or "=" in place or "token" in unquote(place).lower():
        place = _HIDDEN
    rate = re.fullmatch(r"\?baud=[0-9]{1,9}", options) if scheme.lower() == "serial" else None
    place += options if rate else _HIDDEN if options and not place.endswith(_HIDDEN) else ""
    return printable(scheme + parted + place, 100)
