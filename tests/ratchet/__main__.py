"""Compares the netlists of all random designs, for each family, with the digests that are kept; with ``--write`` keeps theirs.

The last line says how many differ, by family. Exits with 1 if any does.
"""

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from ratchet.digests import DESIGNS, FAMILIES, differences, line, read, write


def main(arguments: list[str]) -> int:
    kept = read()
    changed: Counter[str] = Counter()
    lines, good = [], True
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for number, told in enumerate(pool.map(line, range(DESIGNS))):
            lines.append(told)
            found = differences(kept.get(number), told)
            print("".join(f"{each}\n" for each in found), end="", flush=True)
            good &= not found
            changed.update(name for name in told if found and told[name] != kept.get(number, {}).get(name))
    print(f"{DESIGNS} designs; netlists that differ: {', '.join(f'{name} {changed[name]}' for name in FAMILIES)}")
    if "--write" in arguments:
        write(lines)
        return 0
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
