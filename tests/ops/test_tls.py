"""The local authority: made once, and the certificate under it follows the machine's names."""

import datetime as dt
import socket
import ssl
import threading

import pytest
from cryptography import x509

from server import tls
from server.config import Config

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def config(tmp_path):
    return Config.from_env({"RESTOW_DATA": str(tmp_path), "RESTOW_TLS": "true", "RESTOW_HOST": "0.0.0.0"})


def certificate(config):
    return x509.load_pem_x509_certificate(tls.files(config).certificate.read_bytes())


def names(config):
    found = certificate(config).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def test_a_second_start_makes_nothing(config):
    assert tls.ensure(config)
    first, authority = certificate(config), tls.authority(config).read_bytes()
    assert not tls.ensure(config)
    assert certificate(config) == first
    assert tls.authority(config).read_bytes() == authority


def test_the_keys_are_read_by_their_owner_alone(config):
    tls.ensure(config)
    for key in config.tls_dir.glob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    assert len(list(config.tls_dir.glob("*.key"))) == 2


def test_the_certificate_carries_names_addresses_and_the_public_name(config):
    tls.ensure(config)
    assert {"localhost", "127.0.0.1", "::1", socket.gethostname().lower()} <= names(config)
    named = Config.from_env(config.to_env(), public_url="https://restow.example")
    authority = tls.authority(config).read_bytes()
    assert tls.ensure(named), "a name it does not carry asks for a new certificate"
    assert "restow.example" in names(named)
    assert tls.authority(named).read_bytes() == authority, "handhelds trust the authority; it stays"


def test_it_is_renewed_before_it_ends(config):
    tls.ensure(config, NOW)
    assert certificate(config).not_valid_after_utc - certificate(config).not_valid_before_utc == dt.timedelta(days=397)
    assert not tls.ensure(config, NOW + dt.timedelta(days=360))
    assert tls.ensure(config, NOW + dt.timedelta(days=370))


def test_given_files_are_taken_as_they_are(tmp_path):
    given = Config.from_env({"RESTOW_DATA": str(tmp_path), "RESTOW_TLS_CERT": "a.pem", "RESTOW_TLS_KEY": "b.pem"})
    assert given.tls
    assert not tls.ensure(given)
    assert tls.authority(given) is None
    assert [str(path) for path in tls.files(given)] == ["a.pem", "b.pem"]


def test_a_client_that_trusts_the_authority_trusts_the_server(config):
    tls.ensure(config)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(*map(str, tls.files(config)))
    trusting = ssl.create_default_context(cafile=str(tls.authority(config)))
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer():
            connection, _ = door.accept()
            with connection, serving.wrap_socket(connection, server_side=True) as line:
                line.sendall(b"hello")

        thread = threading.Thread(target=answer)
        thread.start()
        with (
            socket.create_connection(door.getsockname()) as plain,
            trusting.wrap_socket(plain, server_hostname="127.0.0.1") as line,
        ):
            assert line.recv(5) == b"hello"
        thread.join()
