"""When the web app is built again: whenever something changed that can change what is built, and only then."""

from pathlib import Path

import pytest

from server import frontend


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose app was built from just what stands there."""
    for name, value in (("ROOT", ""), ("WEB", "web"), ("DIST", "web/dist"), ("BUILT_FROM", "web/dist/.built-from")):
        monkeypatch.setattr(frontend, name, tmp_path / value)
    for name in ("pyproject.toml", "README.md", "web/src/main.ts", "web/src/main.test.ts", "web/dist/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"the first {name}")
    frontend.BUILT_FROM.write_text(frontend._hash_of(frontend.sources()))
    assert frontend.is_fresh()
    return tmp_path


@pytest.mark.parametrize("changed", ["pyproject.toml", "web/src/main.ts"])
def test_what_the_app_is_made_of_makes_it_stale(built: Path, changed: str) -> None:
    (built / changed).write_text("the second")
    assert not frontend.is_fresh()


@pytest.mark.parametrize("changed", ["README.md", "web/src/main.test.ts", "web/dist/index.html"])
def test_what_it_is_not_made_of_leaves_it_as_it_is(built: Path, changed: str) -> None:
    (built / changed).write_text("the second")
    assert frontend.is_fresh()
