"""The tests are tested: defects that a sync engine dies of, kept as patches, each of which some test must notice.

A patch (`NN-….patch`) says in its first line what is wrong, in its second which tests look for it, and is then a unified diff. It is
applied to a scratch copy and never to the product. Its line numbers are for people: what is replaced is found by its text, which must be
there exactly once, so that a patch either means what it meant when it was written or says that it no longer applies.

    python -m tests.defects            seeds each of them and prints which test caught it
    python -m tests.defects 03 digest  only those whose name has one of these in it
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
PATIENCE = 300
COPIED = ("server", "workers", "tests", "pyproject.toml", "README.md")
COPIED_OF_WEB = ("src", "package.json", "index.html", "vite.config.ts", "tsconfig.json", "tsconfig.sw.json")


class NoLongerApplies(Exception):
    """The code has moved on: the patch is to be written anew for what stands there now."""


class Hunk(NamedTuple):
    file: str
    before: str
    after: str


class Defect(NamedTuple):
    name: str
    words: str
    """What is wrong, for people."""
    tests: tuple[str, ...]
    hunks: tuple[Hunk, ...]

    @property
    def of_the_device(self) -> bool:
        return self.hunks[0].file.startswith("web/")


def defects() -> list[Defect]:
    return [read(path) for path in sorted(FOLDER.glob("*.patch"))]


def read(path: Path) -> Defect:
    words, tests, diff = path.read_text(encoding="utf-8").split("\n", 2)
    hunks = []
    for part in re.split(r"^--- ", diff, flags=re.MULTILINE)[1:]:
        head, *bodies = re.split(r"^@@.*\n", part, flags=re.MULTILINE)
        file = head.splitlines()[1].removeprefix("+++ b/").strip()
        for body in bodies:
            lines = body.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            after = "".join(line[1:] for line in lines if line[0] in " +")
            hunks.append(Hunk(file, before, after))
    return Defect(path.stem, words, tuple(tests.removeprefix("Tests: ").split()), tuple(hunks))


def seeded(defect: Defect, root: Path) -> dict[str, str]:
    """The files as they are with this defect in them. Raises NoLongerApplies."""
    files: dict[str, str] = {}
    for hunk in defect.hunks:
        text = files.get(hunk.file) or (root / hunk.file).read_text(encoding="utf-8")
        if text.count(hunk.before) != 1:
            raise NoLongerApplies(f"{defect.name}: {hunk.file} no longer has, exactly once:\n{hunk.before}")
        files[hunk.file] = text.replace(hunk.before, hunk.after)
    return files


@contextmanager
def scratch() -> Iterator[Path]:
    """A copy of what the tests need, to be damaged."""
    with tempfile.TemporaryDirectory(prefix="restow-defects-") as folder:
        root = Path(folder)
        for name in COPIED:
            _copy(ROOT / name, root / name)
        (root / "web").mkdir()
        for name in COPIED_OF_WEB:
            _copy(ROOT / "web" / name, root / "web" / name)
        for shared in ("node_modules", "dist"):
            (root / "web" / shared).symlink_to(ROOT / "web" / shared)
        yield root


def caught_by(defect: Defect, root: Path) -> str:
    """The first test that fails with this defect in the copy, or ''. The copy is whole again afterwards."""
    damaged = seeded(defect, root)
    whole = {file: (root / file).read_text(encoding="utf-8") for file in damaged}
    try:
        for file, text in damaged.items():
            (root / file).write_text(text, encoding="utf-8")
        return first_failure(defect.tests, root, of_the_device=defect.of_the_device)
    finally:
        for file, text in whole.items():
            (root / file).write_text(text, encoding="utf-8")


def first_failure(tests: tuple[str, ...], root: Path, *, of_the_device: bool) -> str:
    """Runs these tests in the copy; '' when all pass. A failure to run at all is no test that caught anything: it raises."""
    command = [
        sys.executable,
        "-m",
        "server.frontend",
        "npm",
        "exec",
        "--",
        "vitest",
        "run",
        "--bail=1",
        "--reporter=tap-flat",
        *tests,
    ]
    if not of_the_device:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", *tests]
    pattern = r"^not ok \d+ - (.*?)(?: # time.*)?$" if of_the_device else r"^FAILED (\S+)"
    said = ""
    for _ in range(2):  # Node may end badly after good tests when the machine is very busy: then it is asked once more
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=PATIENCE,
            # A damaged file and the whole one may be of the same second and size: no compiled leftovers.
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "RESTOW_SEQUENCES": "20"},
        )  # fmt: skip
        if done.returncode == 0:
            return ""
        if found := re.search(pattern, done.stdout, re.MULTILINE):
            return found[1]
        said = f"{done.stdout}\n{done.stderr}"
    raise RuntimeError(f"The tests did not run:\n{said}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    else:
        shutil.copy2(source, target)
