"""The commands about what was written down."""

import argparse
from pathlib import Path

from server.commands.command import Argument, Command
from server.support.quoting import quoted


def _existing_file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {quoted(text)}")
    return Path(text)


RECORDS = {
    "verify-log": Command(
        help="whether the access log is as it was written",
        description="""\
Look whether lines of the access log and its rotations were changed, removed,
put in or moved since they were written; exit code 1 when one was. A server may
be running.""",
        examples="""\
  python -m server verify-log           the logs in the logs folder
  python -m server verify-log archive/access_log.txt-2026*
                                        these
""",
        flags=("logs",),
        arguments=(Argument("files", "logs, compressed by gzip or not", many=True, read=_existing_file),),
        function="verify_log:verify",
    ),
    "forget": Command(
        help="erase a person from all that is kept here",
        description="""\
Erase a person, while no server runs: photos, what people.toml says, what was
computed from the photos, recorded visits. In the logs and the history a word
that only this site's key makes stands for the name from then on; the seals of
the access log stay good. Then look for what is left, and tell it; exit code 1
when something is. With a server running, erase the person in its console.""",
        examples="""\
  python -m server forget jane_doe
""",
        flags=("faces", "logs"),
        arguments=(Argument("name", "the person's name, as it is shown or as in the names of the photos"),),
        function="forget:forget",
        recognises=True,
    ),
    "who": Command(
        help="whom a word of a pseudonymous log stands for",
        description="""\
Tell which of the people who are enrolled now is called by this word in the
access log and the history (pseudonymous = true). It takes logs/pseudonym.key.""",
        examples="""\
  python -m server who person:3f1c9a0b7d52e864
""",
        flags=("faces", "logs"),
        arguments=(Argument("word", "as the log has it in place of a name, with or without person:"),),
        function="who:who",
    ),
    "encryption key": Command(
        help="make a key",
        description="""\
Make a key for the setting encryption_key, readable by you alone. Nothing is
overwritten.""",
        examples="""\
  python -m server encryption key /etc/doorward/encryption.key
""",
        flags=("logs",),
        arguments=(Argument("file", "where the key is to be", read=Path),),
        function="encryption:key",
    ),
    "encryption apply": Command(
        help="have what is kept lie as encryption_key says now",
        description="""\
Encrypt the recordings and embeddings that are kept, while no server runs, by
the key that encryption_key names; without the setting decrypt them. Where
another key encrypted them, name it. What was broken off is gone on with when
it is asked for again; exit code 1 when a recording had to be left as it is.""",
        examples="""\
  python -m server encryption apply     recordings of before encryption_key was set
  python -m server encryption apply --old-key old.key
                                        encryption_key names a new key, or is not set any more
""",
        flags=("logs",),
        arguments=(Argument("old_key", "the key of before", option=True, read=Path),),
        function="encryption:apply",
        recognises=True,
    ),
    "history rebuild": Command(
        help="make it again from the logs",
        description="""\
Make the database again from the access log, the operator log and their
rotations, while no server runs. What no log tells of is kept: visits,
accounts, tokens. Lines that cannot be read are counted and told.""",
        examples="""\
  python -m server history rebuild      of the logs in the logs folder
  python -m server history rebuild archive/access_log.txt-2026*
                                        of these
""",
        flags=("logs",),
        arguments=(Argument("files", "logs, compressed by gzip or not", many=True, read=_existing_file),),
        function="history:rebuild",
    ),
    "history check": Command(
        help="whether all that the logs tell is in it",
        description="""\
Compare the logs with the database, and tell what is missing there; exit code
1 when something is. A server may be running.""",
        examples="""\
  python -m server history check
""",
        flags=("logs",),
        function="history:check",
    ),
}
