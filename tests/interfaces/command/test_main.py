"""The command line: what it refuses, with words that help, before anything is started."""

import socket
import stat

import pytest

from qicheng.interfaces.command import main as command


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "QICHENG_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_serving_without_a_database_is_refused(capsys):
    assert command.main(["serve"]) == 1
    assert "正式运行需要环境变量 DATABASE_URL。" in capsys.readouterr().err


def test_serving_without_a_secret_key_is_refused(capsys, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///qicheng")
    assert command.main(["serve"]) == 1
    assert "正式运行需要环境变量 QICHENG_SECRET_KEY。" in capsys.readouterr().err


def test_serving_on_a_taken_port_is_refused(capsys, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///qicheng")
    monkeypatch.setenv("QICHENG_SECRET_KEY", "x" * 50)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert command.main(["serve", "--port", str(port)]) == 1
    assert f"端口 {port} 已被占用或不可用" in capsys.readouterr().err


def test_migrating_without_a_database_is_refused(capsys):
    assert command.main(["migrate"]) == 1
    assert "DATABASE_OWNER_URL" in capsys.readouterr().err


def test_a_given_database_is_never_emptied(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///qicheng")
    assert command.main(["demo", "--fresh", "--folder", str(tmp_path)]) == 1
    assert "不会被清空" in capsys.readouterr().err


def test_the_version_names_product_python_and_django(capsys):
    assert command.main(["version"]) == 0
    assert capsys.readouterr().out.startswith("启程 0.")


def test_the_demos_secret_key_is_made_once_and_closed_to_others(tmp_path):
    path = tmp_path / "secret.key"
    key = command.secret_key(path)
    assert (len(key) >= 50, command.secret_key(path), stat.S_IMODE(path.stat().st_mode)) == (True, key, 0o600)


def test_columns_stand_below_each_other_where_a_chinese_character_takes_two():
    assert command.table([("角色", "账号"), ("毕业生", "a1"), ("A", "b")]) == [
        "角色    账号",
        "毕业生  a1",
        "A       b",
    ]
