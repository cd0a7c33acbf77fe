"""The numbers that both ends of the link share are those of the tables in docs/link.md."""

import re
from pathlib import Path

from convolver.protocol import CRC_BYTES, DROPS_ADDRESS, HEADER_BYTES, MAX_PAYLOAD, VERSION, Drop, Type

PAGE = (Path(__file__).parents[1] / "docs" / "link.md").read_text(encoding="utf-8")


def test_types_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| 0x(\w\w) \| ([A-Z_]+) \| (host|device) \|", PAGE, re.MULTILINE)
    # The page calls both ends' ACK by one name.
    table = {("DEVICE_" * (name == "ACK" and sender == "device") + name, int(code, 16)) for code, name, sender in rows}
    assert table == {(kind.name, kind.value) for kind in Type}
    for code, _, sender in rows:
        assert Type(int(code, 16)).from_device == (sender == "device")
        assert Type(int(code, 16)).sequenced == (int(code, 16) >= 0x80)


def test_drops_are_those_of_the_register() -> None:
    (row,) = re.findall(r"^\| 0x(\w+) \| DROPS \|(.*)$", PAGE, re.MULTILINE)
    assert int(row[0], 16) == DROPS_ADDRESS
    named = re.findall(r"(\d) `(\w+)`", row[1])
    assert named == [(str(bit), kind.value) for bit, kind in enumerate(Drop)]


def test_sizes_and_version() -> None:
    assert f"Version of this protocol: **{VERSION}**" in PAGE
    assert f"payload(0..{MAX_PAYLOAD})  crc({CRC_BYTES})" in PAGE
    assert f"| {HEADER_BYTES}.. | payload | |" in PAGE
