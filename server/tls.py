"""HTTPS inside a building: a local certificate authority, and a certificate for this machine's names and addresses.

A handheld needs HTTPS for its service worker, and a private network has no public name to get a certificate for. The
authority is made once and installed on each handheld; the certificate is made anew whenever this machine is called
something new or the old one ends, and nothing has to be done on the handhelds again.
"""

import contextlib
import datetime as dt
import fcntl
import ipaddress
import os
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.config import Config

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397  # browsers refuse longer ones
RENEW_BEFORE_DAYS = 30
SIOCGIFADDR = 0x8915


class Files(NamedTuple):
    certificate: Path
    key: Path


def files(config: Config) -> Files | None:
    """What the web process speaks HTTPS with; None where it speaks HTTP. Makes nothing: see `ensure`."""
    if not config.tls:
        return None
    if config.tls_cert:
        return Files(Path(config.tls_cert), Path(config.tls_key))
    return Files(config.tls_dir / "server.crt", config.tls_dir / "server.key")


def authority(config: Config) -> Path | None:
    """The authority's certificate that a handheld has to install; None where the certificate is somebody else's."""
    return config.tls_dir / "authority.crt" if config.tls and not config.tls_cert else None


def ensure(config: Config, now: dt.datetime | None = None) -> bool:
    """Makes what is missing, ended soon or does not carry today's names; says whether the certificate is a new one."""
    if not config.tls or config.tls_cert:
        return False
    now = now or dt.datetime.now(dt.UTC)
    names = names_of_this_machine(config.public_host, config.host)
    config.tls_dir.mkdir(parents=True, exist_ok=True, mode=0o700)

    ours, ours_key = _authority(config.tls_dir, now)
    place = files(config)
    assert place is not None
    if place.certificate.exists() and place.key.exists() and _still_good(place.certificate, ours, names, now):
        return False
    _issue(place, ours, ours_key, names, now)
    return True


def fingerprint(certificate: Path) -> str:
    """SHA-256 as a phone shows it, for comparing by eye before trusting the authority."""
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    return read.fingerprint(hashes.SHA256()).hex(":").upper()


def names_of_this_machine(*more: str) -> set[str]:
    """Host names and addresses under which a handheld may reach this machine."""
    host = socket.gethostname()
    names = {"localhost", "127.0.0.1", "::1", host, host.split(".")[0] + ".local", *_addresses(), *more}
    return {name.lower() for name in names if name and name not in ("0.0.0.0", "::")}  # noqa: S104


def _addresses() -> set[str]:
    """IPv4 addresses of all interfaces, and the IPv6 address that leads outside. Sends nothing."""
    found: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, interface in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without an IPv4 address
                answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
                found.add(socket.inet_ntoa(answer[20:24]))
    for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Connecting a datagram socket only asks the routing table; these two are addresses of documentation.
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((outside, 9))
            found.add(asking.getsockname()[0])
    return found


def _authority(folder: Path, now: dt.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate, key = folder / "authority.crt", folder / "authority.key"
    if certificate.exists() and key.exists():
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        if read.not_valid_after_utc - now > dt.timedelta(days=RENEW_BEFORE_DAYS):
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
            assert isinstance(private, ec.EllipticCurvePrivateKey)
            return read, private

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Restow"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Restow {socket.gethostname()[:40]}"),
        ]
    )
    made = (
        _builder(name, name, private.public_key(), now, AUTHORITY_DAYS)
        # Length 0: whoever steals a server's key cannot make authorities out of it.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    _write_key(key, private)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)
    return made, private


def _still_good(certificate: Path, issuer: x509.Certificate, names: set[str], now: dt.datetime) -> bool:
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    alternatives = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    carried = {str(name.value).lower() for name in alternatives}
    try:
        read.verify_directly_issued_by(issuer)
    except Exception:
        return False
    return {str(_general(name).value) for name in names} <= carried and read.not_valid_after_utc - now > dt.timedelta(
        days=RENEW_BEFORE_DAYS
    )


def _issue(
    place: Files, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey, names: set[str], now: dt.datetime
) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Restow server")])
    made = (
        _builder(name, issuer.subject, private.public_key(), now, CERTIFICATE_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _write_key(place.key, private)
    _write(place.certificate, made.public_bytes(pem) + issuer.public_bytes(pem), 0o644)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # a handheld's clock may be behind
        .not_valid_after(now + dt.timedelta(days=days - 1))
    )


def _usage(**allowed: bool) -> x509.KeyUsage:
    none = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(none | allowed))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, pem, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never for a moment readable by others than `mode` says."""
    beside = path.with_suffix(path.suffix + ".new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
