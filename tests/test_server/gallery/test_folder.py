"""One pass over faces/: whatever lies there becomes a photo, a reason, or is passed over."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

from server.gallery import folder
from server.gallery.folder import BadFile, PhotoFile, ReadError, read_photo, scan

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
unprivileged = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user"
)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    root = tmp_path / "faces"
    root.mkdir()
    return root


@pytest.fixture
def locked(faces: Path) -> Iterator[Path]:
    """A file or folder made unreadable by the test is given back, so that it can be removed."""
    path = faces / "locked"
    yield path
    if path.exists():
        path.chmod(0o700)


def put(root: Path, name: str, data: bytes = b"photo") -> Path:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def reasons(root: Path) -> dict[str, str]:
    return {entry.path.as_posix(): entry.detail for entry in scan(root) if isinstance(entry, BadFile)}


def people(root: Path) -> dict[str, str]:
    return {entry.path.as_posix(): entry.person for entry in scan(root) if isinstance(entry, PhotoFile)}


def test_photos_are_found_directly_and_in_a_persons_folder(faces: Path) -> None:
    for name in ("bob.jpg", "ada.JPEG", "ada_2.png", "carl/1.webp", "carl/x.jpg"):
        put(faces, name)
    assert people(faces) == {
        "ada.JPEG": "Ada",
        "ada_2.png": "Ada",
        "bob.jpg": "Bob",
        "carl/1.webp": "Carl",
        "carl/x.jpg": "Carl",
    }
    assert [entry.path for entry in scan(faces)] == sorted(entry.path for entry in scan(faces))


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    assert scan(tmp_path / "nowhere") == []


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Not a directory|directory name is invalid"):
        scan(put(tmp_path, "faces"))


@pytest.mark.parametrize(
    "name",
    [".gitkeep", ".ada.jpg", "ada.jpg~", "ada.jpg.part", "ada.TMP", "ada.jpg.crdownload", ".ada.jpg.swp"],
)
def test_hidden_and_unfinished_files_are_passed_over(faces: Path, name: str) -> None:
    put(faces, name)
    put(faces, f"ada/{name}")
    assert scan(faces) == []


@pytest.mark.parametrize("name", ["README.md", "notes.txt", "people.toml"])
def test_notes_are_passed_over(faces: Path, name: str) -> None:
    put(faces, name)
    assert scan(faces) == []


@pytest.mark.parametrize("name", ["ada.gif", "ada.pdf", "ada", "ada.jpg.exe"])
def test_other_files_are_no_photos(faces: Path, name: str) -> None:
    put(faces, name)
    assert reasons(faces) == {name: "not a photo; use a jpg, jpeg, png or webp file"}


def test_a_file_without_a_name_says_how_to_name_it(faces: Path) -> None:
    put(faces, "_2.jpg")
    assert "barack_obama.jpg" in reasons(faces)["_2.jpg"]


def test_a_folder_called_like_a_photo_is_none(faces: Path) -> None:
    put(faces, "ada.jpg/1.jpg")
    assert reasons(faces) == {"ada.jpg": "a folder, not a photo; a person's folder lies directly in faces/"}


def test_folders_in_folders_are_not_entered(faces: Path) -> None:
    (faces / "ada" / "holiday").mkdir(parents=True)
    put(faces, "ada/holiday/1.jpg")
    assert list(reasons(faces)) == ["ada/holiday"] and not people(faces)


def test_an_empty_folder_is_nobody(faces: Path) -> None:
    (faces / "ada").mkdir()
    assert scan(faces) == []


@posix
@pytest.mark.parametrize("name", ["ada.jpg", "ada"])
def test_a_fifo_is_not_waited_for(faces: Path, name: str) -> None:
    os.mkfifo(faces / name)
    assert reasons(faces) == {name: "not a regular file"}
    with pytest.raises(ReadError, match="not a regular file"):
        read_photo(faces / name)


@posix
def test_a_socket_is_no_photo(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(faces)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("ada.jpg")
        assert reasons(faces) == {"ada.jpg": "not a regular file"}
        with pytest.raises(ReadError):
            read_photo(faces / "ada.jpg")


@posix
def test_a_link_to_a_photo_of_the_folder_is_a_photo(faces: Path, tmp_path: Path) -> None:
    put(faces, ".all/1.jpg")
    (faces / "ada.jpg").symlink_to(".all/1.jpg")
    (faces / "bob").symlink_to(faces / ".all")
    (tmp_path / "linked").symlink_to(faces)
    for root in (faces, tmp_path / "linked"):
        assert people(root) == {"ada.jpg": "Ada", "bob/1.jpg": "Bob"}
        assert read_photo(root / "ada.jpg") == b"photo"


@posix
def test_a_link_that_leads_out_is_not_followed(faces: Path, tmp_path: Path) -> None:
    """Not even by a word of what is there."""
    put(tmp_path, "faces2/secret.jpg")
    put(tmp_path, "elsewhere.jpg")
    (faces / "ada.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (faces / "bob").symlink_to(tmp_path / "faces2")
    (faces / "cy").symlink_to("..")
    (faces / "dee").mkdir()
    (faces / "dee" / "1.jpg").symlink_to("../../elsewhere.jpg")
    assert people(faces) == {}
    told = reasons(faces)
    assert set(told) == {"ada.jpg", "bob", "cy", "dee/1.jpg"}
    assert set(told.values()) == {
        "a link that leads out of the photo folder is not followed; put the photo itself here"
    }


@posix
def test_a_dangling_link_is_told_of(faces: Path) -> None:
    (faces / "ada.jpg").symlink_to("nowhere")
    assert reasons(faces) == {"ada.jpg": "a symbolic link to nothing"}
    with pytest.raises(ReadError, match="no such file or directory"):
        read_photo(faces / "ada.jpg")


@posix
def test_a_link_to_itself_is_told_of(faces: Path) -> None:
    (faces / "ada.jpg").symlink_to("ada.jpg")
    assert reasons(faces) == {"ada.jpg": "too many levels of symbolic links"}


@posix
def test_a_link_to_the_folder_itself_enrols_nobody_twice(faces: Path) -> None:
    put(faces, "bob.jpg")
    (faces / "ada").symlink_to(faces)
    assert set(reasons(faces)) == {"ada"}
    assert set(people(faces)) == {"bob.jpg"}


@posix
def test_strange_names_are_found(faces: Path) -> None:
    put(faces, "a" * 250 + ".jpg")
    put(faces, "ada\n\u202egpj.jpg")
    assert reasons(faces) == {"a" * 250 + ".jpg": "the name has 250 characters; at most 100 are accepted"}
    assert people(faces) == {"ada\n\u202egpj.jpg": "Ada Gpj"}


@unprivileged
def test_an_unreadable_folder_is_told_of(locked: Path) -> None:
    locked.mkdir(mode=0o000)
    assert reasons(locked.parent) == {"locked": "permission denied"}


def test_a_folder_that_fails_to_list_is_told_of(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (faces / "ada").mkdir()
    listdir = os.listdir

    def refuse(path: Path) -> list[str]:
        if path.name == "ada":
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert reasons(faces) == {"ada": "permission denied"}


def test_a_file_that_went_meanwhile_is_nothing(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda path: ["ada.jpg"])
    assert scan(faces) == []


@unprivileged
def test_an_unreadable_photo_is_found_and_not_read(locked: Path) -> None:
    locked = put(locked.parent, "locked.jpg")
    locked.chmod(0o000)
    assert people(locked.parent) == {"locked.jpg": "Locked"}
    with pytest.raises(ReadError, match="permission denied"):
        read_photo(locked)


def test_a_signature_changes_with_content_and_stays_without(faces: Path) -> None:
    photo = put(faces, "ada.jpg")
    (before,) = scan(faces)
    assert scan(faces) == [before]
    put(faces, "ada.jpg", b"another")
    assert scan(faces) != [before]
    (before,) = scan(faces)
    os.utime(photo, ns=(1, 1))
    assert scan(faces) != [before]
    (before,) = scan(faces)
    photo.unlink()
    put(faces, "ada.jpg", b"another")
    os.utime(photo, ns=(1, 1))
    assert scan(faces) != [before]


def test_an_empty_file_is_read_as_it_is(faces: Path) -> None:
    assert read_photo(put(faces, "ada.jpg", b"")) == b""
    assert people(faces) == {"ada.jpg": "Ada"}


def test_a_file_of_the_largest_size_is_read_and_no_larger(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "MAX_FILE_BYTES", 10)
    assert read_photo(put(faces, "ada.jpg", bytes(10))) == bytes(10)
    with pytest.raises(ReadError, match="the file has 11 bytes; at most 10 are read"):
        read_photo(put(faces, "ada.jpg", bytes(11)))


def test_a_folder_in_the_place_of_a_photo_is_not_read(faces: Path) -> None:
    with pytest.raises(ReadError):
        read_photo(faces)


def test_paths_are_relative_to_the_folder(faces: Path) -> None:
    put(faces, "carl/1.jpg")
    assert [entry.path for entry in scan(faces)] == [PurePath("carl/1.jpg")]
