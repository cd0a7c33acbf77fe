"""TLS for the link: a certificate that a server makes for itself, and a host that knows it by its fingerprint.

No authority is asked and no name compared: the fingerprint, SHA-256 of the certificate, says which server is meant.
"""

import hashlib
import hmac
import os
import re
import socket
import ssl
import stat
import tempfile
from pathlib import Path

from convolver.errors import FileError

from .channel import Channel
from .text import printable

__all__ = ["Identity", "SecureChannel", "as_host", "default_path", "parse_fingerprint"]

_RECORD = 16384
"""Bytes that one record of TLS holds, at most."""
_PRIVATE = 0o600


def parse_fingerprint(text: str) -> str | None:
    """64 hexadecimal digits in small letters, with or without colons between their bytes; None if it's no fingerprint."""
    digits = text.replace(":", "").lower()
    return digits if re.fullmatch("[0-9a-f]{64}", digits) else None


def default_path() -> Path:
    """Where a server keeps its certificate.

    Raises
    ------
    FileError
        If this user has no place for settings.
    """
    try:
        base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(base).expanduser() / "convolver" / "serve.pem"
    except RuntimeError:
        raise FileError("This user has no home for the server's certificate; name a place with --certificate FILE") from None


class Identity:
    """A server's certificate and key.

    Parameters
    ----------
    path : Path
        A PEM file with both. It is made, for this user alone to read, if it isn't there.

    Attributes
    ----------
    fingerprint : str
        SHA-256 of the certificate, 64 hexadecimal digits.

    Raises
    ------
    FileError
        If it can't be read or made, isn't one, or other users can read it.
    ModuleNotFoundError
        If it has to be made and `cryptography` isn't installed.
    """

    def __init__(self, path: Path) -> None:
        try:
            if not path.exists():
                _save(path, _made())
        except OSError as error:
            raise FileError(f"Certificate {path} can't be made: {_reason(error)}") from None
        try:
            if not path.is_file():  # a FIFO would keep it waiting
                raise FileError(f"Certificate {path} must be a file")
            if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise FileError(f"Certificate {path} can be read by other users, and its key with it; chmod 600 it")
            text = path.read_text(encoding="ascii")
        except FileError:
            raise
        except (OSError, ValueError) as error:
            raise FileError(f"Certificate {path} can't be read: {_reason(error)}") from None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.num_tickets = 0
        try:
            # The empty password: a key that wants one must not ask at the terminal.
            self.context.load_cert_chain(path, password="")
            begin, end = text.index(ssl.PEM_HEADER), text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)
            certificate = ssl.PEM_cert_to_DER_cert(text[begin:end])
        except (OSError, ValueError):
            raise FileError(
                f"Certificate {path} must hold a certificate and its key, without a password, in PEM; remove it for a new one"
            ) from None
        self.fingerprint = hashlib.sha256(certificate).hexdigest()

    def channel(self, connection: socket.socket) -> "SecureChannel":
        """The server's end of an encrypted connection."""
        return SecureChannel(connection, self.context, server=True)


def as_host(connection: socket.socket) -> "SecureChannel":
    """The host's end of an encrypted connection; `SecureChannel.fingerprint` says to whom, after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the fingerprint is compared instead
    return SecureChannel(connection, context, server=False)


class SecureChannel(Channel):
    """`Channel`, encrypted."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext, *, server: bool) -> None:
        super().__init__(connection)
        self._secure = context.wrap_socket(
            connection, server_side=server, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )
        self._connection = self._secure
        # What OpenSSL was given and couldn't send: it wants the same bytes again, and no others in front of them.
        self._unsent = b""

    def check(self, fingerprint: str) -> bool:
        """Whether the other end's certificate is the one of that fingerprint."""
        certificate = self._secure.getpeercert(binary_form=True) or b""
        return hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), fingerprint)

    @staticmethod
    def ended(error: OSError) -> bool:
        """Whether that error of the handshake says that the other end has closed the connection."""
        return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)

    def handshake(self) -> bool:
        try:
            self._secure.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as wants:
            self._waits(wants)
            return False
        return True

    def recv(self, size: int) -> bytes | None:
        try:
            return self._secure.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as wants:
            self._waits(wants)
            return None

    def send(self, data: bytes) -> int:
        if not self.flush():
            return 0
        self._unsent = data[:_RECORD]
        taken = len(self._unsent)
        self.flush()
        return taken

    def flush(self) -> bool:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._secure.send(self._unsent) :]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as wants:
            self._waits(wants)
        self.pending = bool(self._unsent)
        return not self.pending

    def _waits(self, wants: ssl.SSLError) -> None:
        self.writing = isinstance(wants, ssl.SSLWantWriteError)


def _made() -> bytes:
    """A new certificate with its key, in PEM: no name means anything, and it never ends."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "convolver serve")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))  # RFC 5280's word for no end
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _save(path: Path, text: bytes) -> None:
    """Writes a new file, whole or not at all; one that another server has made meanwhile stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # for this user alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            Path(aside).replace(path)
    finally:
        Path(aside).unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    return printable(getattr(error, "strerror", None) or error).lower()
