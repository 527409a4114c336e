"""Runs a file of checks on a target: functions check_*() that assert, in MicroPython's Python.

The file finds in BACKEND which engine it must have, and its model files in the current folder.
"""

import re
from pathlib import Path

from tests.targets import Files, Target

_RUNNER = """
import gc, sys
_failed = 0
for _name in CHECKS:
    gc.collect()
    try:
        globals()[_name]()
        print("passed", _name)
    except Exception as _error:
        _failed += 1
        print("FAILED", _name)
        if hasattr(sys, "print_exception"):
            sys.print_exception(_error)
        else:
            import traceback
            traceback.print_exception(_error, file=sys.stdout)
print("ran", len(CHECKS), "failed", _failed)
"""


def run_checks(target: Target, path: Path, files: Files) -> None:
    source = path.read_text(encoding="utf-8")
    names = re.findall(r"^def (check_\w+)\(", source, re.MULTILINE)
    assert names, f"no checks in {path}"
    script = f"BACKEND = {target.backend!r}\nCHECKS = {names!r}\n{source}{_RUNNER}"
    printed = target.run(script, files)
    assert f"ran {len(names)} failed 0\n" in printed, f"{target.name}:\n{printed}"
