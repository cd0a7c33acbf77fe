"""Addresses, whatever is written there: one clear line, and never a token in it."""

import random

import pytest

import convolver
from convolver import cli
from convolver.errors import ConvolverError, PortError
from convolver.host.address import open_pipe
from convolver.host.link import connect
from convolver.host.server import reaches_beyond
from convolver.host.text import shown


@pytest.mark.parametrize("host", ["x" * 64, "a." + "y" * 70, "a..b", "." * 5, "ä" * 60, "x" * 70_000, "no\x00where"])
def test_names_that_no_machine_can_have(host):
    with pytest.raises(PortError) as caught:
        connect(f"tcp://{host}:9876")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250
    with pytest.raises(PortError, match=r"^No machine of the name \S+ is known$"):
        reaches_beyond(host, None)


def test_a_label_that_is_too_long_is_no_machine():
    with pytest.raises(PortError, match=rf"^Server {'x' * 64}:9876 can't be reached: no machine of that name is known$"):
        connect(f"tcp://{'x' * 64}:9876")


SECRET = "hunter2.SECRET"
LEAKY = [
    "tcp://127.0.0.1:1?token={}",
    "tcp://127.0.0.1:1?Token={}",
    "tcp://127.0.0.1:1?TOKEN={}&x=1",
    "tcp://127.0.0.1:1?%74oken={}",
    "tcp://127.0.0.1:1?tok%65n={}",
    "tcp://127.0.0.1:1?tokn={}",
    "tcp://127.0.0.1:1?{}",
    "tcp://127.0.0.1:1?{}=1",
    "tcp://127.0.0.1:1?token=a&{}",
    "tcp://127.0.0.1:1?token=a&{}=b",
    "tcp://127.0.0.1:1?token=a#{}",
    "tcp://127.0.0.1:1#token={}",
    "tcp://127.0.0.1:1#{}",
    "tcp://127.0.0.1:1;token={}",
    "tcp://127.0.0.1:1/token={}",
    "tcp://127.0.0.1:1/{}",
    "tcp://127.0.0.1:1:{}",
    "tcp://127.0.0.1:{}",
    "tcp://127.0.0.1?token={}:1",
    "tcp://127.0.0.1",
    "tcp://token={}:1",
    "tcp://token={}@127.0.0.1:1",
    "tcp://{}@127.0.0.1:1",
    "tcp://:{}@127.0.0.1:1",
    "tcp://user:{}@127.0.0.1:1",
    "tcp://user:{}@",
    "tcp://[{}",
    "tcp://[::1?token={}",
    "tcp://?token={}",
    "tcp:127.0.0.1:1?token={}",
    "tcp:/127.0.0.1:1?token={}",
    "TCP://127.0.0.1:1?token={}",
    "tls://127.0.0.1:1?token={}",
    "tls://127.0.0.1:1?token={}#sha256=00",
    "tls://127.0.0.1:1#sha256={}",
    "tls://127.0.0.1:1#token={}",
    "https://user:{}@127.0.0.1:1",
    "pigeon://loft?token={}",
    "pigeon://loft;token={}",
    "pigeon://{}@loft",
    "127.0.0.1:1?token={}",
    "127.0.0.1:1&token={}",
    "user:{}@127.0.0.1:1",
    "token={}",
    "?token={}",
    "serial:///dev/null?token={}",
    "serial:///dev/none?token={}",
    "serial:///dev/none?baud=9600&token={}",
    "serial:///dev/none?baud=9600;token={}",
    "serial:///dev/none?baud=token={}",
    "serial:///dev/none#token={}",
    "serial://token={}",
    "serial://user:{}@COM3?x=1",
    "serial://[token={}",
    "serial://?token={}",
    "twin://none.toml?token={}",
    "twin://none.toml#token={}",
    "twin://none.toml?baud=1&token={}",
]


@pytest.mark.parametrize("url", LEAKY)
def test_no_message_shows_a_token_wherever_it_stands(url, capsys, monkeypatch):
    monkeypatch.delenv("CONVOLVER_TOKEN", raising=False)
    url = url.format(SECRET)
    with pytest.raises(ConvolverError) as caught:
        convolver.open(url)
    for known in (caught.value, caught.value.__cause__):
        assert "hunter2" not in str(known)
        assert "SECRET" not in str(known)
    code = cli.main(["selftest", "--port", url])
    out, err = capsys.readouterr()
    assert 3 <= code <= 16
    assert "hunter2" not in out + err
    assert "SECRET" not in out + err
    assert err.count("\n") == 1


@pytest.mark.parametrize("seed", range(3))
def test_addresses_of_any_letters_are_one_clear_error(seed):
    """None of them is one: what is no name of a machine here is never asked for."""
    chance = random.Random(seed)
    pieces = [
        "tcp://", "tls://", "serial://", "TCP://", "tcp:", "//", "/", "?", "#", "&", "=", "@", ":", ";", "%", "%zz", "[", "]",
        "::1", "127.0.0.1", "9876", "99999999", "token", "baud", "sha256", "COM3", "/dev/none", "0" * 64, "9" * 5000, " ",
        "\x00", "\n", "\x1b[2J", "é", "\u2100", "\ud800", "\udcff", "\u0663",
    ]  # fmt: skip
    for _ in range(400):
        url = "".join(chance.choices(pieces, k=chance.randrange(1, 9)))
        if chance.random() < 0.5:
            url = chance.choice(["tcp://127.0.0.1", "tls://127.0.0.1", "serial://"]) + url
        with pytest.raises(PortError) as caught:
            open_pipe(url, 1.0)
        assert str(caught.value).isprintable(), url
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("serial:///dev/ttyUSB0", "serial:///dev/ttyUSB0"),
        ("serial:///dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0?baud=9600", None),
        ("serial://COM3?x=1", "serial://COM3…"),
        ("tcp://user:x@host:1", "tcp://…"),
        ("tcp://host:1?token=x", "tcp://host:1…"),
        ("tls://[::1]:1?token=x#sha256=00", "tls://[::1]:1…"),
        ("twin://folder/design.toml", "twin://folder/design.toml"),
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
    ],
)
def test_what_a_message_shows_of_an_address(url, text):
    assert shown(url) == (text or url)
