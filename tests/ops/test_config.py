"""The configuration: read once, the same for a command and for the children that `restow serve` starts."""

import msgspec
import pytest

from server.config import SOCKET_PATH_LIMIT, VARIABLES, Config


def test_it_needs_nothing_from_outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = Config.from_env({})
    assert config.data_dir == tmp_path / "var"
    assert config.database_path == tmp_path / "var" / "restow.db"
    assert config.redis_address == f"unix://{tmp_path}/var/redis/redis.sock"
    assert config.address == "http://127.0.0.1:8000"


def test_a_child_reads_what_its_parent_was_told():
    told = Config.from_env(
        {"DATABASE_URL": "postgres://restow:secret@db/restow", "RESTOW_TLS": "true"},
        host="0.0.0.0",
        port=9443,
        public_url="https://restow.example/",
        processes=2,
    )
    assert Config.from_env(told.to_env()) == told
    assert told.database_url == "postgresql+psycopg://restow:secret@db/restow"
    assert told.public_url == "https://restow.example"


def test_an_option_wins_over_the_environment():
    assert Config.from_env({"RESTOW_PORT": "8001"}, port=8002).port == 8002
    assert Config.from_env({"RESTOW_PORT": "8001"}, port=None).port == 8001


def test_an_empty_variable_is_one_that_is_not_set():
    assert Config.from_env({"RESTOW_PORT": ""}).port == 8000


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"RESTOW_PORT": "eighty"}, "port"),
        ({"RESTOW_PORT": "70000"}, "port"),
        ({"RESTOW_LOG_LEVEL": "loud"}, "log_level"),
        ({"DATABASE_URL": "mysql://db/restow"}, "SQLite or PostgreSQL"),
        ({"RESTOW_TLS_CERT": "cert.pem"}, "belong together"),
        ({"RESTOW_PROCESSES": "2"}, "needs PostgreSQL"),
        ({"RESTOW_TLS": "perhaps"}, "tls"),
    ],
)
def test_it_refuses_what_cannot_be_naming_it(environ, word):
    with pytest.raises(msgspec.ValidationError, match=word):
        Config.from_env(environ)


def test_every_field_has_its_own_variable_and_a_line_that_says_what_it_is():
    described = msgspec.inspect.type_info(Config).fields
    assert len(set(VARIABLES.values())) == len(Config.__struct_fields__) == len(described)
    assert all(field.type.extra_json_schema["description"].endswith(".") for field in described)


def test_a_deep_data_folder_gets_a_socket_path_that_the_kernel_takes(tmp_path):
    config = Config.from_env({"RESTOW_DATA": str(tmp_path / ("deep" * 40))})
    assert len(str(config.redis_socket)) <= SOCKET_PATH_LIMIT
    assert config.redis_socket == Config.from_env(config.to_env()).redis_socket
    assert config.redis_socket != Config.from_env({"RESTOW_DATA": str(tmp_path / ("deep" * 41))}).redis_socket
