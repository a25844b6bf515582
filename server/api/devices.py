"""Handhelds as the desk sees them: the codes that enrol them, and their end."""

from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from .. import tls
from ..config import Config
from ..domain import devices
from ..domain.devices import MakeEnrolmentCode, RevokeDevice, WithdrawEnrolmentCode
from ..domain.errors import NotFound, WrongState
from .answers import Bilingual, Done, Enrolment
from .desk import MISSING, REFUSALS
from .doors import get, post
from .identity import Desk
from .pictures import qr_svg

LOOPBACK = ("127.", "localhost", "[::1]", "::1")
CA_PATH = "/api/authority.crt"


class NewCode(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    site_id: str
    uses: int = 1
    days: int = 7


@post("/api/enrolment-codes", tags=["devices"], responses=REFUSALS | MISSING)
def make_code(desk: NamedDependency[Desk], data: JSONBody[NewCode]) -> Enrolment:
    """A code that enrols so many handhelds at a site, with the address as a QR code and the steps."""
    config = desk.config
    if not config.public_url and not config.host.startswith(LOOPBACK):
        raise WrongState(
            "A handheld keeps its unsent work under the address it was enrolled with, so that address must never change. "
            "Give Restow a stable name first: restow serve --public-url https://name"
        )
    command = MakeEnrolmentCode(site_id=data.site_id, uses=data.uses, days=data.days)
    code = desk.write(lambda work: devices.make_enrolment_code(work, command))
    url = f"{config.address}/enrol?code={quote(code)}"
    authority = tls.authority(config)
    return Enrolment(
        code=code,
        url=url,
        qr_svg=qr_svg(url),
        ca_qr_svg=qr_svg(f"{config.address}{CA_PATH}") if authority else None,
        steps=_steps(config, bool(authority)),
    )


@post("/api/enrolment-codes/{id:str}/withdrawal", tags=["devices"], status_code=200, responses=REFUSALS | MISSING)
def withdraw_code(desk: NamedDependency[Desk], id: FromPath[str]) -> Done:
    """It enrols nobody any more; handhelds that came in by it stay."""
    desk.write(lambda work: devices.withdraw_enrolment_code(work, WithdrawEnrolmentCode(code_id=id)))
    return Done(status="applied")


@get(CA_PATH, tags=["devices"], exclude_from_auth=True)
def authority_certificate(config: NamedDependency[Config]) -> Response[bytes]:
    """The local authority's certificate, which a handheld installs before it trusts this server. It holds no secret."""
    place = tls.authority(config)
    if place is None or not place.exists():
        raise NotFound("This server uses a certificate that devices trust already.")
    return Response(
        place.read_bytes(),
        media_type="application/x-x509-ca-cert",
        headers={"Content-Disposition": 'attachment; filename="restow-authority.crt"'},
    )


@post("/api/devices/{device_id:str}/revocation", tags=["devices"], status_code=200, responses=REFUSALS | MISSING)
def revoke(desk: NamedDependency[Desk], device_id: FromPath[str]) -> Done:
    """The handheld hands over what it has not sent, then wipes itself at its next contact."""
    desk.write(lambda work: devices.revoke_device(work, RevokeDevice(device_id=device_id)))
    return Done(status="applied")


def _steps(config: Config, own_authority: bool) -> list[Bilingual]:
    steps = []
    if own_authority:
        steps += [
            Bilingual(
                zh="在手持机上扫第二个二维码，下载证书 restow-authority.crt。",
                en="On the handheld, scan the second QR code to download restow-authority.crt.",
            ),
            Bilingual(
                zh="打开 设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书，选择下载的文件。",
                en="Open Settings → Security → Encryption & credentials → Install a certificate → CA certificate, and choose that file.",
            ),
        ]
    steps += [
        Bilingual(
            zh=f"用 Chrome 打开第一个二维码（{config.address}）。",
            en=f"Open the first QR code in Chrome ({config.address}).",
        ),
        Bilingual(zh="填写手持机名称，点“登记”。", en="Give the handheld a name and press Enrol."),
        Bilingual(
            zh="在 Chrome 菜单里选“添加到主屏幕”，以后从主屏幕打开。",
            en="In Chrome's menu choose Add to Home screen, and open it from there from now on.",
        ),
    ]
    if not config.public_url:
        steps.append(
            Bilingual(
                zh="注意：这个地址只在本机有效。给手持机用之前，请用 --public-url 设定一个不变的地址。",
                en="Note: this address works on this machine only. Before handhelds use it, set a lasting one with --public-url.",
            )
        )
    return steps


HANDLERS = [make_code, withdraw_code, authority_certificate, revoke]
