"""What holds a clone and a data folder together."""

import re
from pathlib import Path

import pytest

from server import locks

ROOT = Path(__file__).parents[2]


def test_the_second_restow_on_a_data_folder_is_told_who_has_it(tmp_path):
    with (
        locks.holding(tmp_path, "restow serve, process 7"),
        pytest.raises(locks.AlreadyRunning, match="restow serve, process 7"),
        locks.holding(tmp_path, "restow restore"),
    ):
        pass
    with locks.holding(tmp_path, "restow restore"):
        pass


def test_every_python_package_is_pinned_and_hashed_and_no_address_is_named():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    packages = re.split(r"\n(?=\S)", lock.strip())
    assert len(packages) > 50
    for package in packages:
        assert re.match(r"[\w.\-\[\]]+==\S+", package), package
        assert "--hash=sha256:" in package, package


def test_the_lock_holds_what_the_project_asks_for():
    lock = (ROOT / "requirements.lock").read_text()
    for wanted in re.findall(
        r'^\s*"?(?:build = \[")?([\w\-]+)(?:\[\w+\])?==([\w.]+)"', (ROOT / "pyproject.toml").read_text(), re.M
    ):
        assert re.search(rf"^{wanted[0]}(\[\w+\])?=={re.escape(wanted[1])}\b", lock, re.M), wanted


def test_the_node_lock_names_no_place_to_download_from():
    lock = (ROOT / "web" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
