"""What may tell of somebody and is not looked at is said."""

from pathlib import Path

from server.forgetting.spelling import Person
from server.forgetting.traces import Traces, in_files


def test_a_link_out_of_the_folders_is_told_and_one_within_them_is_not(tmp_path: Path) -> None:
    faces, logs, elsewhere = (tmp_path / name for name in ("faces", "logs", "elsewhere"))
    for folder in (faces, logs, elsewhere):
        folder.mkdir()
    (elsewhere / "notes.txt").write_text("Jane Doe\n")
    (logs / "notes.txt").write_text("nobody\n")
    (logs / "within.txt").symlink_to("notes.txt")
    (logs / "recordings").mkdir()
    (faces / "across").symlink_to(logs / "recordings")
    (logs / "out.txt").symlink_to(elsewhere / "notes.txt")
    (logs / "nothing.txt").symlink_to(tmp_path / "unmounted" / "notes.txt")
    (faces / "folder").symlink_to(elsewhere)
    told = in_files([faces, logs], Traces(Person("Jane Doe", "erased:0")))
    assert told == [
        f"{path}: it is a link, and what it leads to is not looked at"
        for path in (faces / "folder", logs / "nothing.txt", logs / "out.txt")
    ]
