"""What `sheets status` imports while it asks a real MongoDB."""

import subprocess
import sys

from tests.unit.cli.test_lazy import OF_OTHERS, OF_OURS


def test_status_imports_nothing_that_it_does_not_need(named):
    script = (
        "import sys\n"
        "from workers.cli.main import app\n"
        "app(['status'], standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    *shown, modules = out.splitlines()
    assert "0 contacts" in shown[0]
    assert set(modules.split()) & (OF_OTHERS | OF_OURS) == set()
