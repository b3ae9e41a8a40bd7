"""`doctor`: everything a start needs is looked at, and nothing is written."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.audit.folder_lock import FolderLock
from server.commands.doctor import examine_server
from server.commands.finding import Finding, Grade, failed
from server.database.database import address_of, opened
from server.settings import Settings
from server.support.certificate import CertificateError, examine
from server.tokens.store import add
from tests.support.photos import MODEL_CACHE

TOKENS = {"tokens": {"front-door": "x" * 16}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "models").symlink_to(MODEL_CACHE)
    return tmp_path


def certificate(
    days: int = 365, san: str = "DNS:door.lan", key: str = "key.pem", cert: str = "cert.pem"
) -> None:
    name = ["-addext", f"subjectAltName={san}"] if san else []
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=door.lan"]
    command = ["openssl", "req", "-x509", *kind, "-days", str(days), *name, "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)


def expired_certificate(key: str, cert: str) -> None:
    """Of a small authority: only that can be told when a certificate begins and ends."""
    for name in ("index", "serial"):
        Path(name).write_text("01\n" if name == "serial" else "")
    Path("ca.conf").write_text(
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=any\n"
        "default_md=sha256\n[any]\ncommonName=supplied\n[v3]\nsubjectAltName=DNS:door.lan\n"
        "[req]\ndistinguished_name=any_name\n[any_name]\n"
    )
    span = "-startdate 20200101000000Z -enddate 20200201000000Z"
    for command in (
        f"req -new -newkey rsa:2048 -nodes -subj /CN=door.lan -keyout {key} -out old.csr",
        f"ca -batch -selfsign -config ca.conf -extensions v3 -keyfile {key} -in old.csr {span} -out {cert}",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)


def found(about: str, **values: Any) -> list[Finding]:
    """The findings about one point. The models, which take seconds, are the last and loaded when wanted."""
    findings = []
    for finding in examine_server(Settings.model_validate({"port": 0, "web_port": 0, **values}), None):
        findings.append(finding)
        if finding.about == "web_port" and about != "models":
            break
    return [finding for finding in findings if finding.about == about]


def told(about: str, **values: Any) -> list[str]:
    return [str(finding) for finding in found(about, **values)]


def everything(folder: Path) -> dict[str, tuple[int, float]]:
    paths = [folder, *folder.rglob("*")]
    return {str(path): (path.lstat().st_size, path.lstat().st_mtime) for path in paths}


def test_all_is_well_and_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.support.osdep.clock_is_synchronised", lambda: True)
    monkeypatch.setattr("server.support.osdep.most_open_files", lambda: 4096)
    usage = shutil.disk_usage(folder)._replace(free=int(12.5 * 2**30))
    monkeypatch.setattr("server.commands.machine.shutil.disk_usage", lambda _: usage)
    (folder / "faces" / "jane.jpg").touch()
    before = everything(folder), everything(MODEL_CACHE)
    findings = list(examine_server(Settings.model_validate({"port": 0, "web_port": 0}), None))
    assert not failed(findings)
    assert [str(finding) for finding in findings] == [
        f"ok       settings: none, as there is no {folder}/doorward.toml:"
        " defaults, environment and flags hold",
        "ok       network: 127.0.0.1, no TLS, no tokens",
        "ok       people: faces/people.toml: there is none: nobody is limited",
        "ok       rules: policy any; liveness passive",
        "ok       recogniser: sface",
        f"ok       photos: {folder}/faces: 1 person by 1 photo",
        f"ok       logs: {folder}/logs can be written to",
        f"ok       disk: 12.5 GB free for logs ({folder}/logs)",
        "ok       clock: it is kept right by a time service",
        "ok       files: 4096 may be open at once",
        "ok       port: any free one",
        "ok       web_port: any free one",
        "ok       models: they can be loaded",
    ]
    assert (everything(folder), everything(MODEL_CACHE)) == before


def test_who_is_laid_down_and_not_there_is_warned_of(folder: Path) -> None:
    (folder / "faces" / "zoe\u0308.jpg").touch()
    (folder / "faces" / "people.toml").write_text('held = ["zo\u00eb.jpg", "ada.jpg"]\n[people.zo]\n')
    assert told("people") == [
        "ok       people: faces/people.toml: people 1, terminals 0, confirmed pairs 0, held photos 2",
        "warning  people: faces/people.toml names 'Zo', whom no photo enrols",
        "warning  people: faces/people.toml holds 'ada.jpg', which is not there",
    ]


def test_a_model_that_cannot_be_used_is_an_error(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no model")
    (finding,) = found("models", antispoof="model.onnx", antispoof_sha256="0" * 64)
    assert finding.grade is Grade.ERROR and failed([finding]) and "model.onnx" in finding.detail


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_secrets_that_others_can_read_are_warned_of() -> None:
    certificate()
    Path("key.pem").chmod(0o644)
    (warning,) = told("permissions", tls_cert="cert.pem", tls_key="key.pem")
    assert warning.startswith("warning  permissions: key.pem is the private key")


def test_a_certificate_and_its_key() -> None:
    certificate(san="DNS:door.lan,IP:192.168.1.5")
    (ok,) = told("certificate", tls_cert="cert.pem", tls_key="key.pem")
    assert ok.startswith("ok       certificate: it and its key are a pair, valid until 20")
    assert ok.endswith("terminals must call the server door.lan or 192.168.1.5")


def test_a_certificate_that_expires_soon() -> None:
    certificate(days=20)
    grades = [each.grade for each in found("certificate", tls_cert="cert.pem", tls_key="key.pem")]
    assert grades == [Grade.WARNING, Grade.OK]


def test_an_authority_of_terminals_that_cannot_be_read() -> None:
    certificate()
    Path("junk.pem").write_text("junk")
    for file, grades in (
        ("cert.pem", [Grade.OK]),
        ("junk.pem", [Grade.ERROR, Grade.OK]),
        ("no.pem", [Grade.ERROR, Grade.OK]),
    ):
        tls = {"tls_cert": "cert.pem", "tls_key": "key.pem", "tls_terminals": file}
        assert [each.grade for each in found("certificate", **tls)] == grades


def test_certificates_with_which_nobody_could_connect() -> None:
    certificate(san="")
    expired_certificate("old.key", "old.pem")
    command = "openssl pkey -in key.pem -aes128 -passout pass:secret -out locked.pem"
    subprocess.run(command.split(), check=True, capture_output=True)
    Path("junk.pem").write_text("junk")
    for cert, key, why in [
        ("cert.pem", "key.pem", "no subjectAltName"),
        ("cert.pem", "old.key", "old.key is not the key of cert.pem"),
        ("cert.pem", "gone.pem", "gone.pem is no file"),
        ("cert.pem", "locked.pem", "passphrase"),
        ("cert.pem", "junk.pem", "no PEM files"),
        ("junk.pem", "key.pem", "no PEM files"),
        ("old.pem", "old.key", "old.pem: certificate has expired"),
        (".", "key.pem", ". is no file"),
    ]:
        (error,) = found("certificate", tls_cert=cert, tls_key=key)
        assert error.grade is Grade.ERROR and why in error.detail, error


def test_a_certificate_of_an_authority_with_its_chain() -> None:
    certificate(cert="ca.pem", key="ca.key")
    for command in (
        "openssl req -new -newkey rsa:2048 -nodes -subj /CN=door.lan -keyout own.key -out own.csr",
        "openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -days 99 -extfile names -out own.pem",
    ):
        Path("names").write_text("subjectAltName=DNS:door.lan\nbasicConstraints=CA:FALSE\n")
        subprocess.run(command.split(), check=True, capture_output=True)
    Path("chain.pem").write_text(Path("own.pem").read_text() + Path("ca.pem").read_text())
    assert examine(Path("own.pem"), Path("own.key")).names == ("door.lan",)
    assert examine(Path("chain.pem"), Path("own.key")).names == ("door.lan",)
    with pytest.raises(CertificateError, match="is not the key"):
        examine(Path("ca.pem"), Path("own.key"))


def test_mistakes_in_people_toml_are_errors_line_by_line() -> None:
    Path("faces/people.toml").write_text('[people.jane]\ndisabled = "no"\n')
    findings = found("people")
    assert {finding.grade for finding in findings} == {Grade.ERROR}
    assert any('disabled: write true or false, not "no"' in finding.detail for finding in findings)


def test_names_without_a_photo_and_terminals_without_a_token_are_warned_of() -> None:
    Path("faces/people.toml").write_text("[people.jane]\n[people.june]\n[terminals.lab]\n")
    Path("faces/june.jpg").touch()
    warned = [each.detail for each in found("people", **TOKENS) if each.grade is Grade.WARNING]
    assert warned == [
        "faces/people.toml names 'Jane', whom no photo enrols",
        "faces/people.toml names terminal 'lab', which has no token",
    ]


def test_doors_that_a_photo_opens_are_warned_of() -> None:
    Path("faces/people.toml").write_text('[terminals.lab]\nliveness = "off"\n')
    assert "warning  rules: liveness is off at terminal lab" in "\n".join(told("rules"))


def test_what_is_recorded_is_warned_of() -> None:
    assert any("RECORDING everybody" in line for line in told("logs", record=True))


def test_folders_that_are_missing_are_no_error_where_they_can_be_made() -> None:
    for about, key in (("photos", "faces"), ("logs", "logs")):
        (line,) = told(about, **{key: "new/folder"})
        assert line.startswith(f"warning  {about}: ") and line.endswith(
            "new/folder does not exist; a start makes it"
        )
    assert not Path("new").exists()


def test_what_is_no_folder_is_an_error() -> None:
    Path("file").touch()
    for about, key in (("photos", "faces"), ("logs", "logs")):
        assert told(about, **{key: "file"}) == [f"ERROR    {about}: file is no folder"]
        (line,) = told(about, **{key: "file/folder"})
        assert line.startswith(f"ERROR    {about}: file/folder does not exist, and cannot be made")


def test_files_that_are_no_photos_are_named_and_not_all_of_them() -> None:
    for number in range(5):
        Path(f"faces/{number}.gif").touch()
    lines = told("photos")
    assert [line for line in lines if "'0.gif': not a photo" in line]
    assert lines[-1] == "warning  photos: and 2 more like these"


def test_a_port_that_another_program_has_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for about in ("port", "web_port"):
            (line,) = told(about, **{about: port})
            assert line.startswith(
                f"ERROR    {about}: 127.0.0.1:{port} cannot be used: another program has it"
            )
    assert told("port", port=port) == [f"ok       port: 127.0.0.1:{port} is free"]


@pytest.mark.parametrize("host", ["192.0.2.7", "no.such.machine.invalid"])
def test_an_address_of_another_machine_is_an_error(host: str) -> None:
    (line,) = told("port", host=host, port=5000, **TOKENS)
    assert line.startswith("ERROR    port: ")


def sealed(folder: Path) -> Path:
    """Where the key of a log that holds a line is to be."""
    (folder / "logs" / "access_log.txt").write_text("a line\n")
    return folder / "logs" / "seal.key"


def test_a_seal_key_that_is_lost_or_broken_is_told_and_none_is_made(folder: Path) -> None:
    key = sealed(folder)
    (lost,) = told("seal key")
    assert lost.startswith("warning  seal key: there is none") and "from a backup" in lost
    assert not key.exists()
    key.write_bytes(b"short")
    (broken,) = told("seal key")
    assert broken.startswith("ERROR    seal key: logs/seal.key is no key of 32 bytes")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_seal_key_that_others_can_read_is_told(folder: Path) -> None:
    key = sealed(folder)
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    assert told("seal key") == ["ok       seal key: logs/seal.key is there, and nobody else's"]
    key.chmod(0o644)
    (finding,) = told("seal key")
    assert finding.startswith("warning") and f"chmod go-rwx {folder}/logs/seal.key" in finding


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/locks is Linux's")
def test_a_server_that_runs_is_told_and_its_port_is_no_error(folder: Path) -> None:
    with contextlib.closing(FolderLock(folder / "logs")), socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert told("server") == [
            f"ok       server: one runs here already, with these logs (process {os.getpid()})"
        ]
        in_use = f"ok       port: 127.0.0.1:{port} is in use, by process {os.getpid()} as it should be"
        assert told("port", port=port) == [in_use]
    assert told("server") == []


def test_a_token_that_expires_soon_is_told(folder: Path) -> None:
    with opened(address_of(folder / "logs", None)) as database:
        database.write_here(lambda sql: add(sql, "front-door", 3))
        database.write_here(lambda sql: add(sql, "back-door", 300))
    (finding,) = told("tokens")
    assert finding.startswith("warning  tokens: 'front-door': its token expires on")
    assert finding.endswith("python -m server terminals rotate front-door")
