"""A formula is the same text on every run: it depends on no hash, no address and no history."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from support.expressions import expressions, gradients
made = expressions(40, "stable") + gradients(20, "stable") + expressions(20, "stable named", named=0.4)
for expr, _ in made:
    for form in ("matrix", "index"):
        sys.stdout.buffer.write(f"{expr.latex(form=form)}\\n{expr.text(form=form)}\\n".encode())
"""


def printed(seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(TESTS)], env=environment, capture_output=True, check=True
    )
    return run.stdout


def test_formulas_do_not_depend_on_hash_seeds() -> None:
    first, second = printed("1"), printed("2")
    assert len(first.splitlines()) >= 4 * 80
    assert first == second
