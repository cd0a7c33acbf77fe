"""The lines with which a server and a host meet, before the first byte of the link; docs/link.md has their table.

Both prove that they know the token, which never travels: a keyed hash of both ends' random numbers and of the certificate that
each of them sees. So what a listener has heard opens nothing, and whoever stands between them with a certificate of its own is
let in by neither.
"""

import hashlib
import hmac
import re
import secrets

from convolver.errors import PortError

__all__ = [
    "CALL",
    "LINE_BYTES",
    "PLAIN",
    "VERSION",
    "Lines",
    "encode_token",
    "is_nonce",
    "nonce",
    "proof",
    "same",
]

VERSION = 2
"""Of the greeting."""

CALL = b"convolver %d " % VERSION
"""What a server's first line begins with; its nonce follows."""

LINE_BYTES = 192
"""Longest line of the greeting."""

PLAIN = b"-"
"""Stands for the certificate where there is none, and for a proof where there is no token."""

_SEPARATOR = b" "


def encode_token(token: str) -> bytes:
    """The token's bytes: those of the environment or of an address, whether or not they are UTF-8.

    Raises
    ------
    PortError
        If it holds half a surrogate pair, which stands for no bytes.
    """
    try:
        return token.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise PortError("A token must be text, or bytes as the environment gives them, not half a surrogate pair") from None


def nonce() -> bytes:
    """128 random bits in hexadecimal."""
    return secrets.token_hex(16).encode()


def is_nonce(text: bytes) -> bool:
    """Whether `nonce` may have given it."""
    return re.fullmatch(b"[0-9a-f]{32}", text) is not None


def proof(token: bytes | None, who: bytes, servers: bytes, hosts: bytes, certificate: bytes, word: bytes = b"") -> bytes:
    """What proves that its maker knows the token: HMAC-SHA-256, in hexadecimal; `PLAIN` without a token.

    Parameters
    ----------
    token : bytes, optional
        The key.
    who : bytes
        ``host`` or ``server``: neither's proof is the other's.
    servers, hosts : bytes
        Both nonces.
    certificate : bytes
        Fingerprint of the server's certificate as this end sees it, or `PLAIN`.
    word : bytes
        What else is said with it.
    """
    if token is None:
        return PLAIN
    text = _SEPARATOR.join([CALL.strip(), who, servers, hosts, certificate, word])
    return hmac.new(token, text, hashlib.sha256).hexdigest().encode()


def same(one: bytes, other: bytes) -> bool:
    """Whether two proofs are, in a time that doesn't tell where they differ."""
    return hmac.compare_digest(one, other)


class Lines:
    """Takes bytes, and gives the lines among them; one longer than `LINE_BYTES` is none."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Takes what has come."""
        self._data += data

    @property
    def overlong(self) -> bool:
        """Whether what has come is no line of a greeting."""
        return len(self._data) > LINE_BYTES and b"\n" not in self._data[: LINE_BYTES + 1]

    @property
    def rest(self) -> bytes:
        """What no line was made of yet."""
        return self._data

    def take(self) -> bytes | None:
        """The next line, without its end, if there is a whole one."""
        line, ended, rest = self._data.partition(b"\n")
        if not ended or self.overlong:
            return None
        self._data = rest
        return line
