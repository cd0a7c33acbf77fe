# amaranth: UnusedElaboratable=no
"""What a kind gives, as JSON: a report, results and a netlist's digest of each design whose file is named.

``python what_it_gives.py FOLDER FILE ...`` finds the package in FOLDER alone, and imports all of its modules.
"""

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from random import Random

__all__ = ["given", "golden_results"]


def given(path):
    """What a design gives, by what it is."""
    from ratchet.digests import netlist

    from convolver import load_design
    from convolver.report import report_of

    design = load_design(path)
    return {
        "design": design.to_json(),
        "report": report_of(design).text(),
        "results": golden_results(design),
        "netlist": netlist(design, None),
    }


def golden_results(design):
    """The golden model's results of a random frame."""
    import numpy as np

    from convolver.sim import golden

    random, sample = Random(7), design.sample
    shape = (*design.trial_shape, *design.sample_axes)
    frame = [random.randint(sample.min, sample.max) for _ in range(int(np.prod(shape)))]
    return np.asarray(golden.run(design, np.array(frame, np.int64).reshape(shape))).tolist()


def import_all(folder):
    """Imports every module of the package; returns where it isn't in the folder."""
    import convolver

    for module in pkgutil.walk_packages(convolver.__path__, "convolver."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    files = [module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "convolver"]
    return [file for file in files if not Path(file).is_relative_to(folder)]


if __name__ == "__main__":
    folder, *paths = map(Path, sys.argv[1:])
    sys.path[:0] = [str(folder), str(Path(__file__).parents[1])]
    sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]  # which would find the checkout's
    elsewhere = import_all(folder)
    print(json.dumps({"elsewhere": elsewhere, "given": {path.stem: given(path) for path in paths}}))
