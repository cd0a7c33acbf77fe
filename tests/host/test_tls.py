"""The encrypted link: a certificate that is known by its fingerprint, and whoever stands between is let in by neither end."""

import contextlib
import os
import re
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from convolver import cli
from convolver.errors import FileError, PortError
from convolver.host import greeting
from convolver.host import server as server_module
from convolver.host.device import Device
from convolver.host.link import connect
from convolver.host.tcp_pipe import TcpPipe, parse_url
from convolver.host.tls import Identity, as_host, default_path

from .line import Faults
from .test_serial import BLUR, IMAGE, Board
from .test_tcp import EXPECTED, QUOTED, TOKEN, serving

FINGERPRINT = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return Identity(tmp_path_factory.mktemp("tls") / "deeper" / "serve.pem")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Identity(tmp_path_factory.mktemp("tls") / "other.pem")


@pytest.fixture(scope="module")
def served(identity):
    with Board(BLUR) as board, serving(board, identity=identity, token=TOKEN) as server:
        yield server


def with_token(url, token=QUOTED):
    place, fingerprint = url.split("#")
    return f"{place}?token={token}#{fingerprint}"


def place(server):
    host, port = server.url.removeprefix("tls://").partition("#")[0].split(":")
    return host, int(port)


def test_a_picture_is_filtered_by_an_encrypted_server(served):
    assert re.fullmatch(r"tls://127\.0\.0\.1:\d+#sha256=[0-9a-f]{64}", served.url)
    for _ in range(3):
        with Device(connect(with_token(served.url), BLUR)) as device:
            assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_picture_is_filtered_through_a_bad_line_behind_an_encrypted_server(identity):
    faults = Faults(1e-3, 5)
    with Board(BLUR, faults) as board, serving(board, identity=identity) as server, Device(connect(server.url)) as device:
        for _ in range(2):
            assert np.array_equal(device(IMAGE), EXPECTED)
    assert faults.count > 3


def test_the_fingerprint_is_that_of_the_certificate(identity, tmp_path):
    """As anybody else computes it, and the same each time."""
    path = tmp_path / "serve.pem"
    made = Identity(path)
    text = path.read_bytes()
    certificate = x509.load_pem_x509_certificate(text[text.index(b"-----BEGIN CERTIFICATE") :])
    assert certificate.fingerprint(hashes.SHA256()).hex() == made.fingerprint
    assert Identity(path).fingerprint == made.fingerprint != identity.fingerprint


def test_nothing_of_it_is_read_on_the_way(served):
    """Neither the token nor the greeting nor a result."""
    heard = bytearray()
    relay = socket.create_server(("127.0.0.1", 0))

    def listen():
        near, _ = relay.accept()
        with near, socket.create_connection(place(served)) as far:
            ends = {near: far, far: near}

            def pump(source):
                with contextlib.suppress(OSError):
                    while data := source.recv(65536):
                        heard.extend(data)
                        ends[source].sendall(data)
                    ends[source].shutdown(socket.SHUT_WR)

            threads = [threading.Thread(target=pump, args=(end,)) for end in ends]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    thread = threading.Thread(target=listen)
    thread.start()
    url = with_token(served.url).replace(f":{place(served)[1]}?", f":{relay.getsockname()[1]}?")
    # A relay that only passes the bytes on is a cable.
    with Device(connect(url)) as device:
        assert np.array_equal(device(IMAGE), EXPECTED)
    thread.join()
    relay.close()
    assert len(heard) > 2 * IMAGE.size
    for word in (TOKEN.encode(), greeting.CALL, b"ok ", EXPECTED.astype(np.uint8).tobytes()[:8]):
        assert word not in heard


def test_another_certificate_is_refused(served, other):
    url = with_token(served.url.replace(served.url[-64:], other.fingerprint))
    with pytest.raises(
        PortError,
        match=r"^Server 127\.0\.0\.1:\d+ has another certificate than the one of that fingerprint; "
        r"it isn't the server that is meant, or has a new one$",
    ):
        connect(url)


def test_a_relay_with_a_certificate_of_its_own_is_let_in_by_neither(served, other):
    """It passes the greeting on between a host that doesn't look at the fingerprint and the server: the proof isn't for it."""
    host = socket.create_connection(place(served))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(host) as secure, secure.makefile("rb") as lines:
        servers = lines.readline().removeprefix(greeting.CALL).strip()
        hosts = greeting.nonce()
        # What a host says to the relay: it sees the relay's certificate.
        said = greeting.proof(TOKEN.encode(), b"host", servers, hosts, other.fingerprint.encode())
        secure.sendall(hosts + b" " + said + b"\n")
        assert lines.readline() == b"token\n"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", r"wants a token: give it in the variable CONVOLVER_TOKEN, or as tcp://HOST:PORT\?token=TOKEN$"),
        ("?token=correct%20horse%20battery+stapler", r"refuses this token$"),
    ],
)
def test_who_does_not_know_the_token_is_refused(served, query, message):
    with pytest.raises(PortError, match=rf"^Server 127\.0\.0\.1:\d+ {message}"):
        connect(served.url.replace("#", f"{query}#"))


def test_a_host_without_tls_is_told_what_may_be(served, monkeypatch):
    monkeypatch.setattr("convolver.host.tcp_pipe._PATIENCE", 0.3)
    with pytest.raises(
        PortError,
        match=r"^What answers at 127\.0\.0\.1:\d+ was silent for 0\.3 s; "
        r"it is overloaded, wants tls://, or isn't convolver serve$",
    ):
        connect(served.url.partition("#")[0].replace("tls://", "tcp://"))


def test_a_server_without_tls_is_told(identity):
    with Board(BLUR) as board, serving(board) as server:
        with pytest.raises(
            PortError, match=r"^What answers at 127\.0\.0\.1:\d+ doesn't speak TLS; is it a server of tcp://\?$"
        ):
            connect(server.url.replace("tcp://", "tls://") + f"#sha256={identity.fingerprint}")


@pytest.mark.parametrize("said", [None, b"", b"SSH-2.0-OpenSSH_9\r\n"])
def test_something_else_that_listens_there_is_named(said, monkeypatch):
    monkeypatch.setattr("convolver.host.tcp_pipe._PATIENCE", 0.3)
    message = {
        None: r"^What answers at 127\.0\.0\.1:\d+ was silent where TLS begins; it is overloaded, or of tcp://$",
        b"": r"^Server 127\.0\.0\.1:\d+ has ended the connection without a reason; it is full, or isn't convolver serve$",
    }.get(said, r"^What answers at 127\.0\.0\.1:\d+ doesn't speak TLS; is it a server of tcp://\?$")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                if said is not None:
                    connection.sendall(said)
                    connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionError):
                    while connection.recv(1000):
                        pass

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PortError, match=message):
            TcpPipe(f"tls://127.0.0.1:{listener.getsockname()[1]}#sha256={FINGERPRINT}")
        thread.join()


@pytest.mark.parametrize(
    "said", [b"", b"\n", b"GET / HTTP/1.1\r\n\r\n", bytes(1000), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
)
def test_what_is_no_tls_does_no_harm_to_a_server(served, said):
    with socket.create_connection(place(served)) as connection:
        connection.sendall(said)
        with Device(connect(with_token(served.url))) as device:
            assert np.array_equal(device(IMAGE), EXPECTED)


def test_silent_connections_lock_nobody_out_of_an_encrypted_server(served):
    silent = [socket.create_connection(place(served)) for _ in range(100)]
    with Device(connect(with_token(served.url))) as device:
        assert np.array_equal(device(IMAGE), EXPECTED)
    for connection in silent:
        connection.close()


def test_a_host_that_is_idle_keeps_an_encrypted_device(served, monkeypatch):
    """Its sign of life and its calls share one connection."""
    monkeypatch.setattr("convolver.host.tcp_pipe.BEAT", 0.01)
    monkeypatch.setattr(server_module, "_BUSY", 0.3)
    with Device(connect(with_token(served.url))) as device:
        for _ in range(3):
            time.sleep(0.05)
            assert np.array_equal(device(IMAGE), EXPECTED)
        with pytest.raises(PortError, match=r"is used by another host$"):
            connect(with_token(served.url))


def test_a_full_connection_takes_the_same_bytes_again(identity):
    """OpenSSL keeps what it couldn't send; what comes behind it may be something else."""
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    host, server = as_host(near), identity.channel(far)
    while not (host.handshake() & server.handshake()):
        pass
    sent, got = bytearray(), bytearray()
    for number in range(3000):
        piece = bytes([number % 256]) * (number * 7 % 3000 + 1)
        taken = host.send(piece)
        sent += piece[:taken]
        if number % 5 == 0:
            got += server.recv(1000) or b""
    assert host.pending
    while not host.flush() or len(got) < len(sent):
        got += server.recv(65536) or b""
    assert got == sent
    host.close()
    server.close()


# Certificates


def test_a_certificate_is_its_owner_s_alone(tmp_path):
    path = tmp_path / "new" / "serve.pem"
    old = os.umask(0)
    try:
        first = Identity(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["serve.pem"]
    assert Identity(path).fingerprint == first.fingerprint
    path.chmod(0o640)
    with pytest.raises(FileError, match=rf"^Certificate {path} can be read by other users, and its key with it; chmod 600 it$"):
        Identity(path)


@pytest.mark.parametrize("text", ["", "rubbish", "key alone", "certificate alone", "half", "\xe9"])
def test_a_file_that_is_no_certificate(tmp_path, text):
    path = tmp_path / "serve.pem"
    Identity(path)
    whole = path.read_text()
    middle = whole.index("-----BEGIN CERTIFICATE")
    text = {"key alone": whole[:middle], "certificate alone": whole[middle:], "half": whole[: len(whole) // 2]}.get(text, text)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(FileError, match=rf"^Certificate {path} (must hold a certificate and its key, without|can't be read: )"):
        Identity(path)


def test_a_key_with_a_password_does_not_ask_for_it(tmp_path):
    path = tmp_path / "serve.pem"
    Identity(path)
    whole = path.read_bytes()
    middle = whole.index(b"-----BEGIN CERTIFICATE")
    key = serialization.load_pem_private_key(whole[:middle], None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    path.write_bytes(locked + whole[middle:])
    with pytest.raises(FileError, match=r"must hold a certificate and its key, without a password, in PEM; remove it for a n"):
        Identity(path)


def test_a_place_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "serve.pem"
    with pytest.raises(FileError, match=rf"^Certificate {path} can't be made: file exists$"):
        Identity(path)


@pytest.mark.parametrize("kind", ["folder", "fifo", "device"])
def test_what_is_no_file_is_no_certificate(tmp_path, kind):
    path = Path(os.devnull) if kind == "device" else tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(FileError, match=rf"^Certificate {path} must be a file$"):
        Identity(path)


def test_where_a_certificate_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_path() == tmp_path / "convolver" / "serve.pem"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert default_path() == Path("/home/me/.config/convolver/serve.pem")


@pytest.mark.parametrize("digits", [FINGERPRINT, FINGERPRINT.upper(), ":".join(re.findall("..", FINGERPRINT))])
def test_fingerprints(digits):
    assert parse_url(f"tls://h:1#sha256={digits}").fingerprint == FINGERPRINT


@pytest.mark.parametrize(
    "fragment",
    ["", "#", "#sha256", "#sha256=", "#sha256=12", f"#sha256={FINGERPRINT}0", f"#{FINGERPRINT}", f"#sha1={FINGERPRINT}"],
)
def test_fingerprints_that_are_none(fragment):
    with pytest.raises(
        PortError,
        match=r"^An address that begins with tls:// must end with #sha256= and 64 hexadecimal digits, those of convolver s",
    ):
        parse_url(f"tls://h:1{fragment}")


def test_a_fingerprint_without_tls_is_refused():
    with pytest.raises(
        PortError, match=r"^A fingerprint belongs to an address that begins with tls://; in a token, write # as %23$"
    ):
        parse_url(f"tcp://h:1#sha256={FINGERPRINT}")


# The command


def test_a_server_that_other_machines_reach_is_encrypted(tmp_path):
    """Without a word about it; its first line is the address with the fingerprint."""
    with Board(BLUR) as board:
        arguments = ["serve", "--port", board.url, "--host", "0.0.0.0", "--tcp-port", "0"]
        environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "CONVOLVER_TOKEN": TOKEN}
        for more in ([], ["--certificate", str(tmp_path / "own.pem")]):
            program = subprocess.Popen(
                [sys.executable, "-m", "convolver.cli", *arguments, *more],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            try:
                url = program.stdout.readline().strip()
                assert re.fullmatch(r"tls://0\.0\.0\.0:\d+#sha256=[0-9a-f]{64}", url)
                assert program.stdout.readline() == (
                    f"It serves until ctrl-C; with this machine's name for the address: convolver selftest --port {url}, "
                    "with the token in CONVOLVER_TOKEN\n"
                )
                with Device(connect(with_token(url.replace("0.0.0.0", "localhost")))) as device:
                    assert np.array_equal(device(IMAGE), EXPECTED)
                program.send_signal(2)
                out, err = program.communicate(timeout=60)
                assert (program.returncode, out, err) == (130, "", "convolver: stopped\n")
            finally:
                program.kill()
                program.communicate()
        names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.pem")}
        assert names == {"convolver/serve.pem", "own.pem"}


def test_a_server_that_is_not_encrypted_says_so_in_its_first_line():
    with Board(BLUR) as board:
        arguments = ["serve", "--port", board.url, "--host", "0.0.0.0", "--tcp-port", "0", "--no-tls"]
        program = subprocess.Popen(
            [sys.executable, "-m", "convolver.cli", *arguments],
            env=os.environ | {"CONVOLVER_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = program.stdout.readline()
            assert re.fullmatch(r"tcp://0\.0\.0\.0:\d+  not encrypted: its token is for trusted networks only\n", line)
            url = line.split()[0].replace("0.0.0.0", "localhost")
            with Device(connect(f"{url}?token={QUOTED}")) as device:
                assert np.array_equal(device(IMAGE), EXPECTED)
        finally:
            program.kill()
            program.communicate()


def test_a_certificate_without_encryption_is_refused(capsys):
    assert cli.main(["serve", "--port", "serial:///dev/none", "--no-tls", "--certificate", "x.pem"]) == 2
    assert capsys.readouterr().err.startswith("convolver: a certificate is for an encrypted server; leave out --no-tls")


def test_without_the_library_the_extra_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert cli.main(["serve", "--port", "serial:///dev/none", "--tls", "--certificate", str(tmp_path / "x.pem")]) == 6
    assert capsys.readouterr().err == (
        "convolver: cryptography isn't installed, and this needs it; pip install 'convolver[serve]'\n"
    )
