"""Run a service by its entry point: `python -m testbed.entry_point NAME MODULE:FUNCTION ...`.

Debian's start scripts for some services come only with packages that also start them at boot.
"""

import importlib
import sys

if __name__ == "__main__":
    name, target, *arguments = sys.argv[1:]
    sys.argv = [name, *arguments]
    module, _, function = target.partition(":")
    sys.exit(getattr(importlib.import_module(module), function)())
