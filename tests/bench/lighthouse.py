"""What Lighthouse says of the handheld's first screen, on a demo of its own: performance, accessibility, best practices.

python -m tests.bench.lighthouse [--runs 3] [--report FOLDER] [ADDRESS]

Lighthouse is installed once into a scratch folder, with the Node of this virtual environment. Whatever else the machine does can only
take from a score, so the best of several counts; the index is Lighthouse's own measure of the machine (a quiet one has 1500 and more).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from server.frontend import node_home

from ..browser.conftest import CHROMIUM, demo_server

VERSION = "13.5.0"
SCRATCH = Path(tempfile.gettempdir()) / f"restow-lighthouse-{VERSION}"
WANTED = 95
CATEGORIES = ("performance", "accessibility", "best-practices")
TIMES = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
    "speed-index",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", default="", help="a running Restow instead of a demo of its own")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--report", type=Path, help="folder for the whole report of the last run")
    given = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    lighthouse = installed()
    if given.address:
        reports = [run(lighthouse, given.address) for _ in range(given.runs)]
    else:
        with demo_server() as server:
            reports = [run(lighthouse, server.url) for _ in range(given.runs)]
    if given.report:
        given.report.mkdir(parents=True, exist_ok=True)
        (given.report / "lighthouse.json").write_text(json.dumps(reports[-1], indent=1))
    sys.exit(tell(reports))


def tell(reports: list[dict[str, Any]]) -> int:
    """Prints the best score of each category and what keeps it from 100; 1 if one is below what is wanted."""
    below = 0
    best = max(reports, key=lambda report: report["categories"]["performance"]["score"])
    for category in CATEGORIES:
        scores = [round(100 * report["categories"][category]["score"]) for report in reports]
        below |= max(scores) < WANTED
        print(f"{max(scores):>5}  {category:<16} of {scores}")
    print(f"       machine's index {[round(report['environment']['benchmarkIndex']) for report in reports]}")
    print(
        "       "
        + ", ".join(f"{best['audits'][name]['title']} {best['audits'][name]['displayValue']}" for name in TIMES)
    )
    for category in CATEGORIES:
        for each in best["categories"][category]["auditRefs"]:
            audit = best["audits"][each["id"]]
            if each["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"       {category}: {audit['title']} {audit.get('displayValue', '')}".rstrip())
    return below


def run(lighthouse: Path, address: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            str(_node()), str(lighthouse), address, "--quiet", "--output=json", "--output-path=stdout",
            f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless --no-sandbox --disable-gpu",
        ],
        env={**os.environ, "CHROME_PATH": str(CHROMIUM)}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    return dict(json.loads(done.stdout))


def installed() -> Path:
    program = SCRATCH / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists():
        SCRATCH.mkdir(parents=True, exist_ok=True)
        npm = _home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run(
            [str(_node()), str(npm), "install", "--no-audit", "--no-fund", "--loglevel=error", f"lighthouse@{VERSION}"],
            cwd=SCRATCH, env={**os.environ, "PATH": f"{_home() / 'bin'}{os.pathsep}{os.environ['PATH']}"}, check=True,
        )  # fmt: skip
    return program


def _node() -> Path:
    return _home() / "bin" / "node"


def _home() -> Path:
    home = node_home()
    if home is None:
        sys.exit("Node is missing: run `make setup`.")
    return home


if __name__ == "__main__":
    main()
