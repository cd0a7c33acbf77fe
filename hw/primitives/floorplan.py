"""Placement of a long filter's multipliers: along a loop, each next to the one before."""

from amaranth.hdl import Module

from convolver.plan.array import FLOORPLANNED, DotProduct, scattered, wants_places

from .ecp5 import Place, levels_of
from .families import family_of

__all__ = ["array_places", "multiplier_sites"]

_DIE = "85f"
"""How the names end of the devices whose sites are known: those of ECP5's largest die."""

_COLUMNS = (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
_FRONT, _BACK, _SPARE = 10, 34, 58
_WITHIN = (0, 1, 4, 5)
"""ECP5's blocks of four multipliers: their columns and rows, and the column offset of each multiplier in a block.
(Names as in nextpnr; Project Trellis, database of LFE5U-85F.)"""


def multiplier_sites(platform: object, count: int) -> list[str] | None:
    """nextpnr's names (attribute ``BEL``) of sites for `count` MULT18X18D, each next to the one before.

    The sites follow one row of blocks, and return along the next, so that the last are near the first: the counter of
    results at the end controls the samples at the beginning. Beyond 104 multipliers the way back alternates between two
    rows. Without these places nextpnr spreads 128 multipliers over all 156 sites, some 80 columns away from the lanes
    that they are added to. With 40 and 64 multipliers it finds good places with some seeds only.

    Returns
    -------
    list of str or None
        None for few multipliers, for more multipliers than sites, or for a device with unknown sites.
    """
    device = str(getattr(platform, "device", "")).lower()
    if family_of(platform) != "ecp5" or not device.endswith(_DIE) or count <= FLOORPLANNED:
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
    """The places of an array's lanes: `multiplier_sites` if each lane has one multiplier. If the lanes are spread over
    an ECP5, each group has its own drivers of 0 and 1."""
    far = family_of(platform) == "ecp5" and scattered(array)
    sites = (wants_places(array) and multiplier_sites(platform, array.placed_lanes)) or [""] * array.lanes
    places = []
    for number, group in enumerate(array.groups):
        near = levels_of(m, f"group_{number}") if far else None
        places += [Place(sites[lane], near) for lane in group]
    return places
