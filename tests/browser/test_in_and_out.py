"""What only a browser shows of in and out: a file chosen, mended and taken in; a list that arrives as a file."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from python_calamine import load_workbook

from . import stage
from .conftest import Server, sign_in_at_desk


def test_a_file_is_tried_out_mended_and_taken_in_and_the_list_comes_back_as_a_workbook(
    staged: tuple[Server, dict[str, str]], at_desk: Callable[..., Page], tmp_path: Path
) -> None:
    server, _ = staged
    page = at_desk(f"{server.url}/desk")
    sign_in_at_desk(page, "otto", stage.PASSWORD)
    page.goto(f"{server.url}/desk/imports")
    expect(page.get_by_test_id("import-kind")).to_be_enabled()
    wrong = tmp_path / "items.csv"
    wrong.write_bytes("货号,品名,成本\nZ-1,电水壶,80.5\nZ-2,台灯,abc\n".encode("gb18030"))
    page.get_by_test_id("import-file").set_input_files(wrong)
    rows = page.get_by_test_id("refused-rows")
    expect(rows).to_contain_text("abc")
    expect(rows).to_contain_text("This is not a number.")
    expect(page.get_by_test_id("import-take")).to_have_count(0)

    page.get_by_test_id("column-unit_cost").select_option("")
    expect(page.get_by_test_id("import-ready")).to_contain_text("2 new")
    page.get_by_test_id("import-take").click()
    expect(page.get_by_test_id("import-taken")).to_be_visible()
    expect(page.get_by_test_id("import").first).to_contain_text("items.csv")
    page.get_by_test_id("import-file").set_input_files(wrong)
    expect(page.get_by_test_id("import-ready")).to_contain_text("2 the same")

    page.goto(f"{server.url}/desk/stock")
    page.get_by_test_id("export").click()
    with page.expect_download() as download:
        page.get_by_test_id("export-xlsx").click()
    expect(page.get_by_test_id("exported")).to_be_visible()
    saved = tmp_path / "stock.xlsx"
    download.value.save_as(saved)
    assert download.value.suggested_filename.endswith(".xlsx")
    assert load_workbook(str(saved)).get_sheet_by_index(0).to_python()[0][0] == "SKU"
