"""The camera as a scanner, in real Chromium with a camera that shows drawn codes: this browser has no detector of its own, so ours reads."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page, expect

from tests.barcodes.pictures import symbol

from .conftest import CHROMIUM, FLAGS
from .play import Play, Return, counted, open_parcel, playing
from .stage import KETTLE, LAMP


class Film:
    """What the camera sees: a file that Chromium's own camera for tests plays in a circle, read anew whenever the camera is opened."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.shows()

    def shows(self, *codes: tuple[str, str]) -> None:
        scene = Image.new("RGB", (1280, 720), (188, 170, 140))
        for n, (kind, text) in enumerate(codes):
            picture = symbol(kind, text, 3).convert("RGB")
            place = (640 - picture.width // 2, 360 - picture.height // 2 + (n * 2 - len(codes) + 1) * 110)
            scene.paste(picture, place)
        frame = io.BytesIO()
        scene.save(frame, "JPEG", quality=90)
        self.place.write_bytes(frame.getvalue() * 10)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return Film(tmp_path_factory.mktemp("film") / "camera.mjpeg")


@pytest.fixture(scope="module")
def play(chromium: Browser, film: Film, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with_camera = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film.place}"],
    )  # fmt: skip
    with playing(with_camera, tmp_path_factory.mktemp("camera")) as play:
        play.server.start()
        yield play
    with_camera.close()


@pytest.fixture(scope="module")
def receiving(play: Play) -> tuple[Page, Return]:
    pda = play.handheld("cleo", "Phone 1")
    order = pda.knows("cleo", play.approved_return(kettle=9, lamp=2))
    open_parcel(pda, order)
    return pda.page, order


def aim(page: Page) -> None:
    page.get_by_test_id("camera").click()
    expect(page.get_by_test_id("camera-video")).to_have_attribute("data-on", "true")


def test_a_code_in_view_counts_like_a_scan(film: Film, receiving: tuple[Page, Return]) -> None:
    page, _ = receiving
    film.shows(("EAN-13", KETTLE))
    aim(page)
    counted(page, "1/9")
    expect(page.get_by_test_id("sheet-camera")).not_to_be_visible()


def test_several_codes_in_view_are_offered_not_guessed(film: Film, receiving: tuple[Page, Return]) -> None:
    page, _ = receiving
    film.shows(("EAN-13", KETTLE), ("EAN-13", LAMP))
    aim(page)
    expect(page.get_by_test_id("camera-choice")).to_have_count(2)
    page.get_by_test_id("camera-choice").filter(has_text=LAMP).click()
    counted(page, "1/2")


def test_a_camera_that_stays_counts_an_item_once_while_it_stays_in_view(
    film: Film, receiving: tuple[Page, Return]
) -> None:
    page, _ = receiving
    film.shows()  # nothing to read yet, so that the sheet is there to be told to stay
    aim(page)
    page.get_by_test_id("camera-stays").check()
    page.get_by_test_id("sheet-close").click()
    film.shows(("EAN-13", KETTLE))
    aim(page)
    counted(page, "2/9")
    expect(page.get_by_test_id("sheet-camera")).to_be_visible()
    page.wait_for_timeout(2_000)
    counted(page, "2/9")
    page.get_by_test_id("camera-stays").uncheck()
    page.get_by_test_id("sheet-close").click()


def test_after_its_first_use_the_camera_reads_without_network(film: Film, receiving: tuple[Page, Return]) -> None:
    page, order = receiving
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_test_id("parcel")).to_contain_text(order.number)
    film.shows(("EAN-13", KETTLE))
    aim(page)
    counted(page, "3/9")
    page.context.set_offline(False)


def test_a_photo_is_read_too_and_one_that_the_phone_cannot_read_is_tried_by_the_server(
    film: Film, receiving: tuple[Page, Return], tmp_path: Path
) -> None:
    page, _ = receiving
    sharp, empty = tmp_path / "sharp.jpg", tmp_path / "empty.jpg"
    scene = Image.new("RGB", (1600, 1200), "white")
    scene.paste(symbol("EAN-13", KETTLE, 3).convert("RGB").rotate(8, expand=True, fillcolor="white"), (500, 400))
    scene.filter(ImageFilter.GaussianBlur(1)).save(sharp)
    Image.new("RGB", (400, 300), "grey").save(empty)
    film.shows()

    page.get_by_test_id("camera").click()
    with page.expect_request("**/api/barcodes/decode"):
        page.get_by_test_id("camera-picture").set_input_files(empty)
    expect(page.get_by_test_id("camera-said")).to_be_visible()
    page.get_by_test_id("camera-picture").set_input_files(sharp)
    counted(page, "4/9")


A_BETTER_PHONE = """(text) => {
  window.asked = []
  const track = MediaStreamTrack.prototype
  track.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 4, step: 0.5 } })
  track.applyConstraints = async function (wanted) { window.asked.push(...wanted.advanced) }
  window.BarcodeDetector = class {
    static getSupportedFormats = async () => ['ean_13', 'ean_8', 'code_128', 'code_39', 'itf', 'qr_code', 'data_matrix', 'upc_a', 'upc_e']
    detect = async () => (window.sees ? [{ rawValue: text, format: 'ean_13', cornerPoints: [] }] : [])
  }
  window.Worker = class { constructor() { throw new Error('its own detector is there') } }
}"""


def test_a_phone_uses_its_light_its_zoom_and_its_own_detector(film: Film, receiving: tuple[Page, Return]) -> None:
    page, _ = receiving
    page.evaluate(A_BETTER_PHONE, KETTLE)
    film.shows()
    aim(page)
    page.get_by_test_id("camera-torch").click()
    page.get_by_test_id("camera-zoom").fill("2.5")
    page.wait_for_function('() => JSON.stringify(window.asked) === \'[{"torch":true},{"zoom":2.5}]\'')
    page.evaluate("() => (window.sees = true)")
    counted(page, "5/9")
    page.reload()  # an ordinary phone again


def test_a_camera_that_is_not_allowed_says_what_to_do(receiving: tuple[Page, Return]) -> None:
    page, _ = receiving
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"
    )
    page.get_by_test_id("camera").click()
    expect(page.get_by_test_id("camera-problem")).to_contain_text("allow the camera")
    page.get_by_test_id("sheet-close").click()


def test_a_camera_nobody_looks_at_is_off(film: Film, receiving: tuple[Page, Return]) -> None:
    page, _ = receiving
    page.reload()
    film.shows()
    aim(page)
    page.evaluate("() => { window.track = document.querySelector('video').srcObject.getVideoTracks()[0] }")
    page.get_by_test_id("sheet-close").click()
    assert page.evaluate("() => window.track.readyState") == "ended"
