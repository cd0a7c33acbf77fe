"""`make site`: builds the site, runs what its pages and notebooks show, and looks at each page in a browser.

    python .ci/site [--sample]

Every block of Python runs on the twin, and what it prints is compared with what the page shows. Where Chromium and axe-core
are there, each page must load without an error and pass axe's rules (WCAG 2 A and AA); where they aren't, that is said.
With `--sample` the blocks that need a twin and the browser are left out.
"""

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
AXE = ROOT / "build" / "axe"
LESSONS = "convolution.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

WATCH = """<script>window.faults=[];
addEventListener('error',e=>faults.push(String(e.message||e.target.src||e.target.href)),true)</script>"""
"""At the head of a page that is looked at: takes down what goes wrong."""

RULES = """<script src="%s"></script><script>addEventListener('load',()=>setTimeout(async()=>{
const told=await axe.run(document,{runOnly:['wcag2a','wcag2aa'],resultTypes:['violations']});
const out=document.createElement('pre');out.id='axe-told';
out.textContent=JSON.stringify({faults,rules:told.violations.map(v=>[v.id,v.nodes.slice(0,2).map(n=>n.html.slice(0,90))])});
document.body.append(out)},300))</script>"""


def build(*, sample: bool) -> None:
    """Builds the site, with a report and the page of lessons; warnings are errors. Of a sample, notebooks don't run."""
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"],
        cwd=ROOT,
        check=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "CONVOLVER_PROGRESS": "never", "SITE_SAMPLE": "1" if sample else ""},
    )
    if not sample:
        report = ["report", "--design", "examples/outlines.toml", "--html", SITE / "example-report.html"]
        lessons = ["page", "--no-open", "--output", SITE / LESSONS]
        for arguments in (report, lessons):
            command = [sys.executable, "-m", "convolver.cli", *arguments]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    pages = list(SITE.rglob("*.html"))
    print(f"built: {SITE.relative_to(ROOT)}, {len(pages)} pages")


def run_pages() -> list[str]:
    """Runs the Python of each page; what went wrong."""
    wrong = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"^```python\n(.*?)^```(?:\s*^```text\n(.*?)^```)?", text, re.DOTALL | re.MULTILINE)
        if not blocks:
            continue
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                [sys.executable, "-W", "error", "-c", "\n".join(code for code, _ in blocks)],
                cwd=folder,
                env={**os.environ, "CONVOLVER_PROGRESS": "never"},
                capture_output=True,
                text=True,
                check=False,
            )
        name = page.relative_to(ROOT)
        shown = "".join(shown for _, shown in blocks)
        if result.returncode:
            wrong.append(f"{name}: {(result.stderr.strip().splitlines() or ['it failed'])[-1]}")
        elif shown and not all(line in result.stdout.splitlines() for line in shown.splitlines()):
            wrong.append(f"{name}: it prints\n{result.stdout}and shows\n{shown}")
        else:
            print(f"runs: {name}")
    return wrong


def axe() -> Path | None:
    """axe-core's script, from npm; none where there is no npm."""
    script = AXE / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists() and shutil.which("npm"):
        AXE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", "axe-core"], cwd=AXE, check=False)
    return script if script.exists() else None


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served on this machine."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing."""

    def log_message(self, *_message: object) -> None:
        pass


def look(pages: list[Path], browser: str, script: Path) -> list[str]:
    """Loads each page in the browser; faults of the page, and of axe's rules."""
    shutil.copy(script, SITE / "axe.min.js")
    try:
        with served(SITE) as address:
            return [fault for page in pages for fault in _look(page, browser, address)]
    finally:
        (SITE / "axe.min.js").unlink()


def _look(page: Path, browser: str, address: str) -> list[str]:
    wrong: list[str] = []
    text = page.read_text(encoding="utf-8")
    copy = page.with_name(f"looked-at-{page.name}")
    copy.write_text(text.replace("<head>", f"<head>{WATCH}", 1).replace("</body>", f"{RULES % '/axe.min.js'}</body>", 1))
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu"]
    try:
        result = subprocess.run(
            [
                *command,
                "--virtual-time-budget=8000",
                "--window-size=1280,1000",
                "--dump-dom",
                f"{address}/{copy.relative_to(SITE).as_posix()}",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        copy.unlink()
    found = re.search(r'<pre id="axe-told">(.*?)</pre>', result.stdout, re.DOTALL)
    if found is None:
        return [f"{page.name}: the browser told nothing"]
    told = json.loads(unescape(found[1]))
    wrong += [f"{page.name}: {fault}" for fault in told["faults"]]
    wrong += [f"{page.name}: {rule}: {nodes}" for rule, nodes in told["rules"]]
    return wrong


def main() -> int:
    sample = "--sample" in sys.argv
    build(sample=sample)
    wrong = []
    if sample:
        print(
            "left out of the site's check: notebooks and pages' Python on the twin, the browser with axe; make site does them"
        )
    else:
        wrong += run_pages()
        browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        script = axe()
        if browser is None or script is None:
            lacking = "Chromium" if browser is None else "axe-core (npm)"
            print(f"left out: looking at the pages, for want of {lacking}")
        else:
            # The lessons allow no other script in them; `make page-test` looks at them.
            pages = sorted(page for page in SITE.rglob("*.html") if page.name not in ("404.html", LESSONS))
            wrong += look(pages, browser, script)
            print(f"looked at: {len(pages)} pages")
    for fault in wrong:
        print(f"site: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
