"""Where the multipliers of a long filter lie on a device: along a loop, each beside the one before."""

from amaranth.hdl import Module

from convolver.plan.array import FLOORPLANNED, DotProduct, scattered
from convolver.plan.places import wants_places
from convolver.plan.target import PLACED_DIE

from .ecp5 import Place, levels_of
from .families import family_of

__all__ = ["array_places", "multiplier_sites"]

_COLUMNS = (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
_FRONT, _BACK, _SPARE = 10, 34, 58
_WITHIN = (0, 1, 4, 5)
"""Its blocks of four multipliers: their columns and rows, and how many columns each multiplier is from the first. (As nextpnr
names places; Project Trellis, database of LFE5U-85F.)"""


def multiplier_sites(platform: object, count: int) -> list[str] | None:
    """nextpnr's names (attribute ``BEL``) of places for so many MULT18X18D, each beside the one before.

    They go along one row of blocks and back along the next, so that the last are near the first: what counts results at the
    end lets samples in at the beginning. Beyond 104 multipliers the way back goes up and down between two rows. Without them
    nextpnr spreads 128 multipliers over all 156 places, some of them 80 columns from the lanes that they are added to; with 40
    and 64 it finds good places with one seed, and with another not.

    Returns
    -------
    list of str or None
        None if they are few, if they are more than there are places, or if the device's places aren't known.
    """
    device = str(getattr(platform, "device", "")).lower()
    if family_of(platform) != "ecp5" or not device.endswith(PLACED_DIE) or count <= FLOORPLANNED:
        return None
    most = len(_COLUMNS)
    blocks = -(-count // len(_WITHIN))
    width, spare = min(-(-blocks // 2), most), max(blocks - 2 * most, 0)
    if spare > most:
        return None
    columns = _COLUMNS[(most - width) // 2 :][:width]
    order = [(column, _FRONT) for column in columns]
    for number, column in enumerate(reversed(columns)):
        rows = (_BACK,) if number >= spare else (_BACK, _SPARE) if number % 2 == 0 else (_SPARE, _BACK)
        order += [(column, row) for row in rows]
    sites = [
        f"X{column + place}/Y{row}/MULT18_{place}"
        for column, row in order
        for place in (_WITHIN if row == _FRONT else reversed(_WITHIN))
    ]
    return sites[:count]


def array_places(m: Module, platform: object, array: DotProduct) -> list[Place]:
    """The places of an array's lanes: `multiplier_sites` where each lane has one multiplier. Where they lie all over an ECP5,
    each group has its own 0 and 1."""
    far = family_of(platform) == "ecp5" and scattered(array)
    sites = (wants_places(array) and multiplier_sites(platform, array.placed_lanes)) or [""] * array.lanes
    places = []
    for number, group in enumerate(array.groups):
        near = levels_of(m, f"group_{number}") if far else None
        places += [Place(sites[lane], near) for lane in group]
    return places
