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

LISTEN = (
    "<head><script>window.complaints = []; addEventListener('error', (event) => complaints.push(event.message));"
    "for (const kind of ['error', 'warn']) console[kind] = (...words) => complaints.push(words.join(' '));</script>"
)
"""Before all else: what the page complains of."""

LOOK = """
const $ = (query) => [...document.querySelectorAll(query)];
const label = (node) => node.getAttribute('aria-label') || node.textContent.trim();
return {
  faults: $('.katex-error').map((node) => node.title || node.textContent),
  formulas: $('.math').length,
  typeset: $('.math .katex').length,
  unlabelled: $('.math').filter((node) => !node.getAttribute('aria-label')).length,
  requests: performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => !name.startsWith('data:')),
  wide: document.documentElement.scrollWidth - innerWidth,
  cells: $('.cell').length,
  reachable: $('.cell').filter((node) => node.tagName === 'BUTTON' && node.tabIndex === 0 && label(node)).length,
  nameless: $('button, a, input, img, iframe').filter((node) => !(label(node) || node.alt || node.closest('label'))).length,
  ids: $('[id]').map((node) => node.id).filter((id, n, all) => all.indexOf(id) !== n),
  dead: $('a[href^="#"]').filter((node) => !document.getElementById(node.getAttribute('href').slice(1))).length,
  symbols: $('.sym').length,
  lost: $('.sym').filter((node) => !document.getElementById([...node.classList].find((c) => c.startsWith('of-')).slice(3))).length,
  headings: $('h1').length,
  errors: window.complaints,
  language: document.documentElement.lang,
};
"""

CONTRAST = """
const light = (colour) => {
  const part = colour.match(/[\\d.]+/g).map(Number).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
};
const paper = light(getComputedStyle(document.body).backgroundColor);
const worst = [...document.querySelectorAll('p, a, h1, h2, td, th, button, .math, figcaption, summary')].map((node) => {
  const ink = light(getComputedStyle(node).color);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
});
return {paper, worst: Math.min(...worst)};
"""


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
        file.write_text(page.replace("<head>", LISTEN, 1).replace("</body>", answer), encoding="utf-8")
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
