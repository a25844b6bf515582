"""The defects still fit the code, and those of the server that are quickest to find are found. All: `python -m tests.defects`."""

import pytest

from . import ROOT, Defect, caught_by, defects, scratch, seeded

QUICK = ("05-no-digest", "08-drop-skipped", "17-permission-only-at-the-poke")


@pytest.mark.parametrize("defect", defects(), ids=lambda defect: defect.name)
def test_every_defect_still_fits_the_code(defect: Defect) -> None:
    damaged = seeded(defect, ROOT)
    assert all((ROOT / file).read_text(encoding="utf-8") != text for file, text in damaged.items())
    for test in defect.tests:
        place = ROOT / "web" / test if defect.of_the_device else ROOT / test.partition("::")[0]
        assert place.is_file(), test


def test_the_quickest_of_them_are_caught() -> None:
    with scratch() as root:
        for defect in defects():
            if defect.name in QUICK:
                assert caught_by(defect, root), defect.words
