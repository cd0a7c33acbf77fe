"""The device family of a platform, which selects the primitives of a component."""

from convolver.plan.target import Family

__all__ = ["Family", "FamilyPlatform", "family_of"]

_DEVICES: tuple[tuple[str, Family], ...] = (("lfe5", "ecp5"), ("ice40", "ice40"), ("xc7", "7-series"))


class FamilyPlatform:
    """A platform for a family, or for one `device` of it, without a board: to write or synthesise Verilog only."""

    def __init__(self, family: Family, device: str = "") -> None:
        self.device = device or next(device for device, name in _DEVICES if name == family)


def family_of(platform: object) -> Family | None:
    """The family of a platform's device; None for a simulation, or a device without primitives here."""
    device = str(getattr(platform, "device", "")).lower()
    return next((family for start, family in _DEVICES if device.startswith(start)), None)
