"""Which family of devices a platform is of: it decides whose primitives a component is made of."""

from convolver.plan.target import Family

__all__ = ["Family", "FamilyPlatform", "family_of"]

_DEVICES: tuple[tuple[str, Family], ...] = (("lfe5", "ecp5"), ("ice40", "ice40"), ("xc7", "7-series"))


class FamilyPlatform:
    """Stands for a whole family, or for one `device` of it, where there is no board: when Verilog is written or synthesised by
    itself."""

    def __init__(self, family: Family, device: str = "") -> None:
        self.device = device or next(device for device, name in _DEVICES if name == family)


def family_of(platform: object) -> Family | None:
    """The family of a platform's device; None for a simulation, or a device that none of our primitives are for."""
    device = str(getattr(platform, "device", "")).lower()
    return next((family for start, family in _DEVICES if device.startswith(start)), None)
