"""The real server with a key: no face is to be read in what it keeps, and all works as without one."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from server.commands.encryption import key
from server.commands.replay import replay
from server.settings import Settings
from tests.support.blackbox import BlackBox
from tests.support.photos import photo
from tests.support.server_process import ServerProcess, running_server, wait_for
from tests.support.visits import person
from tests.test_server.live.test_tuning import API, administrator


def show(server: ServerProcess, name: str) -> None:
    """Until a line says what was decided."""
    before = len(server.log_lines())
    with BlackBox(server.port) as terminal:
        terminal.hello("front-door")
        for frame in person(name):
            terminal.show(frame)
    wait_for(lambda: len(server.log_lines()) > before, what="the line")


def embeddings(logs: Path) -> list[bytes]:
    with closing(sqlite3.connect(logs / "embeddings.sqlite3")) as file:
        return [blob for row in file.execute("SELECT embedding, mirrored FROM photo") for blob in row]


def kept(logs: Path) -> bytes:
    """All bytes of the folder, but for the converted networks."""
    files = [path for path in logs.rglob("*") if path.is_file() and logs / "models" not in path.parents]
    return b"\0".join(path.read_bytes() for path in files)


def test_no_face_lies_in_the_logs_folder_and_the_server_works_as_before(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    shutil.copy(photo("obama"), tmp_path / "faces" / "barack_obama.jpg")
    with running_server(tmp_path) as server:
        assert server.stop() == 0
    logs, secret = tmp_path / "logs", tmp_path / "encryption.key"
    faces = embeddings(logs)
    assert len(faces) == 2 and all(face in kept(logs) for face in faces)

    asyncio.run(key(Settings.model_validate({"logs": logs}), secret))
    file = tmp_path / "doorward.toml"
    file.write_text(f'encryption_key = "{secret}"\nrecord = true\nrecord_pictures = true\n')
    with running_server(tmp_path, "--config", str(file), "--web", "on", "--web-port", "0") as server:
        with administrator(server) as browser:
            show(server, "obama2")
            show(server, "biden")

            def strangers() -> object:
                return browser.get(f"{API}/strangers").json()["strangers"]

            wait_for(strangers, 60, "the unknown visitor")
            (stranger,) = browser.get(f"{API}/strangers").json()["strangers"]
            shown = browser.get(f"{API}/strangers/{stranger['visits'][0]['decision']}/picture.jpg")
            picture = shown.content[:128]
            assert picture.startswith(b"\xff\xd8\xff")
        assert server.receipts().count("ACCEPTED") == 1  # not looked at again
        assert server.stop() == 0 and "Traceback" not in server.console
    data = kept(logs)
    assert not any(face in data for face in faces) and picture not in data and b"JFIF" not in data

    settings = Settings.model_validate(
        {"faces": tmp_path / "faces", "logs": logs, "liveness": "off", "encryption_key": secret}
    )
    report = asyncio.run(replay(settings))
    assert "visits: 2, decided otherwise: 0" in report and "skipped" not in report
