"""``python -m tests``: the suite as two processes side by side, in half the time on two cores.

Of a thread each: torch's threads wait by spinning, and two processes that both want all cores
take many times as long. What is given on the command line goes to both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
#: What one of them runs; the other runs the rest.
HALF = [FOLDER / "train" / "publish", *sorted((FOLDER / "train").glob("test_*.py"))]

_NOTHING_COLLECTED = 5


def main() -> int:
    """Pytest's exit status: of the half that went wrong, if one did."""
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    options = {"cwd": FOLDER.parent, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    with tempfile.TemporaryFile() as shown:
        half = subprocess.Popen(
            [*command, *map(str, HALF)], stdout=shown, stderr=subprocess.STDOUT, **options
        )
        try:
            rest = subprocess.run([*command, *(f"--ignore={p}" for p in HALF)], **options)
        finally:  # Ctrl-C reaches both
            half.wait()
            shown.seek(0)
            sys.stdout.buffer.write(shown.read())
    found = {half.returncode, rest.returncode}
    return max(found - {_NOTHING_COLLECTED}, default=_NOTHING_COLLECTED)


if __name__ == "__main__":
    sys.exit(main())
