"""A page in a real headless browser: run a script in it and read its answer, or take its picture."""

import html
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
).split()


def asked(page: str, script: str, width: int = 1000, height: int = 900, dark: bool = False):
    """What a script returns that runs in the page after it has been typeset; what it returns must fit into JSON."""
    answer = (
        "<script>addEventListener('load', () => { setTimeout(() => { let found;"
        f"try {{ found = (() => {{ {script} }})(); }} catch (fault) {{ found = {{fault: String(fault)}}; }}"
        "const place = document.createElement('pre'); place.id = 'answer'; place.textContent = JSON.stringify(found);"
        "document.body.append(place); }, 300); });</script></body>"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page.replace("</body>", answer), encoding="utf-8")
        options = [*QUIET, f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"]
        if dark:
            options.append("--blink-settings=preferredColorScheme=0")
        done = subprocess.run(
            [str(BROWSER), *options, "--virtual-time-budget=4000", "--dump-dom", f"file://{file}"],
            capture_output=True, text=True, timeout=100, check=True,
        )  # fmt: skip
    found = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found.group(1)))
