"""The commands that may be typed after `python -m server`: a table, with the flags of each, its help and its
examples."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import RECOGNISERS
from server.access.policy import Policy
from server.support.quoting import quoted
from server.tokens.store import OVERLAP_HOURS

PROGRAM = "python -m server"
SPAN = {
    "since": "visits from this day or time on",
    "until": "visits up to this day or time",
    "terminal": "visits at this terminal only",
}
"""Flags that say which visits a report is about."""
FLAGS: dict[str, dict[str, Any]] = {
    "host": {"metavar": "ADDRESS"},
    "port": {"metavar": "N"},
    "faces": {"metavar": "DIR"},
    "logs": {"metavar": "DIR"},
    "workers": {"metavar": "N"},
    "policy": {"metavar": "|".join(policy.value for policy in Policy)},
    "liveness": {"metavar": "|".join(mode.value for mode in Liveness)},
    "recogniser": {"metavar": "|".join(RECOGNISERS)},
    "max_false_accept": {"metavar": "SHARE"},
    "threshold": {"metavar": "D"},
    "margin": {"metavar": "D"},
    "frames": {"metavar": "N"},
    "deny_seconds": {"metavar": "S"},
    "attempts": {"metavar": "N"},
    "antispoof": {"metavar": "FILE"},
    "log_format": {"metavar": "text|json"},
    "record": {"action": "store_true"},
    "pseudonymous": {"action": "store_true"},
    "web": {"metavar": "on|off"},
    "web_host": {"metavar": "ADDRESS"},
    "web_port": {"metavar": "N"},
    "min_face": {"metavar": "PX"},
    "tls_cert": {"metavar": "FILE"},
    "tls_key": {"metavar": "FILE"},
    "insecure": {"action": "store_true"},
}
"""Settings that have a flag."""

_FOLDERS = ("faces", "logs", "workers")
_RISK = ("max_false_accept", "threshold")


@dataclass(frozen=True)
class Argument:
    """What stands after a command without a flag. `name`: of the parameter that takes it. `many`: any number
    of them, also none. `option`: it has a flag after all, and may be left out. `read` raises
    argparse.ArgumentTypeError, in words for whoever typed it."""

    name: str
    help: str
    many: bool = False
    option: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Command:
    """`flags`: the settings that its help shows; it takes the others, too. `span`: of `SPAN`. `arguments`: in
    order; only the last may be `many`. `function`: what answers it, as "module:function" in
    `server.commands`: it takes the settings, and arguments and span by name, and returns the answer.
    `recognises`: whether it needs to know which recogniser can be had."""

    help: str
    description: str
    examples: str
    flags: tuple[str, ...]
    span: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    function: str | None = None
    recognises: bool = False


_TERMINAL = Argument("name", "the terminal's name")
_DAYS = Argument("days", "it expires after so many days (default: never)", option=True, read=int)
_DAYS_AGAIN = Argument(
    "days", "it expires after so many days (default: as the old one)", option=True, read=int
)
_OVERLAP = Argument(
    "overlap", f"hours for which the old one still holds (default: {OVERLAP_HOURS})", option=True, read=int
)
_ACCOUNT = Argument("name", "the account's name")
_TLS_FOLDER = Argument("folder", "where the files are (default: tls)", option=True, read=Path)
GROUPS: dict[str, str] = {
    "encryption": "the key by which what is kept of faces is encrypted",
    "history": "the record of decisions and acts in SQL, which the console shows",
    "terminals": "tokens by which terminals prove who they are",
    "tls": "certificates for the server and for terminals, of an authority of your own",
    "users": "who may use the console",
}
"""Words that are followed by an action, and what such actions are about."""


def _existing_file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {quoted(text)}")
    return Path(text)


COMMANDS = {
    "serve": Command(
        help="recognise faces, grant and deny (the default)",
        description="""\
Listen for door terminals, recognise the faces that they send, and grant or
deny.""",
        examples="""\
  python -m server                      listen on 127.0.0.1:5000, photos in faces/, logs in logs/
  python -m server --policy all         several people at the door: all of them must be enrolled
""",
        flags=tuple(FLAGS),
    ),
    "doctor": Command(
        help="look at settings, certificate, files, disk, clock, models and ports, without starting",
        description="""\
Look at all that a start needs, and write nothing: settings, who can read
secrets, certificate, tokens, people.toml, photos, logs and their seals, disk,
clock, ports, models. A line for each point, which says what to do; exit code 0
when none of them is an error, 1 when one is, 2 when the settings cannot be
used. A server may be running.""",
        examples="""\
  python -m server doctor               as the user that the server will run as
  sudo -u doorward .venv/bin/python -m server doctor
                                        before systemctl enable
""",
        flags=tuple(FLAGS),
    ),
    "people": Command(
        help="who is enrolled, by which photos, and what holds for people and terminals",
        description="""\
List who is enrolled, by which photos and at which risk, who looks like whom,
what is laid down for people and terminals, and which photos were held or
rejected.""",
        examples="""\
  python -m server people
  python -m server people --max-false-accept 0.001
                                        what that would mean for those who are enrolled
""",
        flags=(*_FOLDERS, *_RISK, "policy", "liveness", "frames", "attempts"),
        function="people:people",
        recognises=True,
    ),
    "selftest": Command(
        help="how the enrolled photos fare as visitors, and how near different people come",
        description="""\
Hold every enrolled photo against all the others: how many residents a single
look recognises, who could be taken for whom, and whether the people here look
more alike to the network than those whom it was measured with.""",
        examples="""\
  python -m server selftest
  python -m server selftest --recogniser dlib
                                        what the older network would do
""",
        flags=(*_FOLDERS, "recogniser", *_RISK, "margin"),
        function="selftest:selftest",
        recognises=True,
    ),
    "replay": Command(
        help="decide what was recorded again, by these settings",
        description="""\
Decide what was recorded (record = true) again, under the present settings and
flags, and tell what would have changed.""",
        examples="""\
  python -m server replay --max-false-accept 0.001 --since 2026-11-01
  python -m server replay --liveness off --terminal front-door --until 2026-11-22T08:00
""",
        flags=(*_FOLDERS, *_RISK, "policy", "liveness", "margin", "frames", "deny_seconds", "attempts"),
        span=("since", "until", "terminal"),
        function="replay:replay",
        recognises=True,
    ),
    "grid": Command(
        help="whom other thresholds would have recognised, of the last months' visits",
        description="""\
For a range of risks: how many of the visits of the last 90 days would have
been recognised, and who would have lost or gained a grant.""",
        examples="""\
  python -m server grid
  python -m server grid --since 2026-11-01 --terminal front-door
""",
        flags=(*_FOLDERS, *_RISK, "margin"),
        span=("since", "terminal"),
        function="grid:grid",
        recognises=True,
    ),
    "terminals add": Command(
        help="make a token for a terminal",
        description="""\
Make a token for a terminal and print it, once: it is kept as a hash. From the
first token on every terminal needs one. A running server takes it at once.
From 14 days before a token expires the server warns once a day.""",
        examples="""\
  python -m server terminals add front-door
  python -m server terminals add front-door --days 90
""",
        flags=("logs",),
        arguments=(_TERMINAL, _DAYS),
        function="terminals:add",
    ),
    "terminals rotate": Command(
        help="make a new token in place of a terminal's old one",
        description="""\
Make a new token in place of a terminal's old one and print it, once. The old
one holds for 24 hours more, in which the new one is brought to the terminal.
With --overlap 0 it ends now, and who is connected with it is disconnected
within 2 seconds: so where somebody else may have it.""",
        examples="""\
  python -m server terminals rotate front-door
  python -m server terminals rotate front-door --overlap 0
""",
        flags=("logs",),
        arguments=(_TERMINAL, _OVERLAP, _DAYS_AGAIN),
        function="terminals:rotate",
    ),
    "terminals revoke": Command(
        help="refuse a terminal from now on",
        description="""\
Revoke all of a terminal's tokens and certificates. Who is connected with one
is disconnected within 2 seconds. A token that stands in the settings is not touched.""",
        examples="""\
  python -m server terminals revoke front-door
""",
        flags=("logs",),
        arguments=(_TERMINAL,),
        function="terminals:revoke",
    ),
    "terminals list": Command(
        help="which terminals have a token",
        description="""\
List the terminals that have, or had, a token: since when each token holds,
when the terminal last connected with it, and when it expires.""",
        examples="""\
  python -m server terminals list
""",
        flags=("logs",),
        function="terminals:listed",
    ),
    "tls init": Command(
        help="make an authority and the server's certificate",
        description="""\
Make a certificate authority of your own and, vouched for by it, the server's
certificate, good for 397 days. Say how terminals and browsers call this
server: host names and addresses; else it is this machine's name, the same
with .local, localhost, and its addresses. It tells what to put into
doorward.toml, and how phones and terminals come to trust the server. Nothing
is overwritten. The authority vouches for these names and for local ones, and
for no public site.""",
        examples="""\
  python -m server tls init
  python -m server tls init door-server.lan 192.168.1.10
""",
        flags=("logs", "port", "web_port"),
        arguments=(_TLS_FOLDER, Argument("names", "host names and addresses of this server", many=True)),
        function="tls:init",
    ),
    "tls renew": Command(
        help="give the server a new certificate of the same authority",
        description="""\
Replace the server's certificate by a new one of the same key and the same
authority: whoever trusts the old one trusts the new one. Names replace those
of the old one.""",
        examples="""\
  python -m server tls renew
""",
        flags=("logs",),
        arguments=(_TLS_FOLDER, Argument("names", "other host names and addresses", many=True)),
        function="tls:renew",
    ),
    "tls terminal": Command(
        help="make a certificate without which a terminal's token opens nothing",
        description="""\
Make a key and a certificate for a terminal, good for 397 days, and put it on
record: from then on whoever has the terminal's token alone is refused, and so
is a browser, which cannot show it. Run it again to renew; the one before
holds until it expires. Needs tls_terminals in doorward.toml, and the key of
the authority that tls init made.""",
        examples="""\
  python -m server tls terminal front-door
""",
        flags=("logs",),
        arguments=(_TLS_FOLDER, _TERMINAL),
        function="tls_terminal:issue",
    ),
    "users add": Command(
        help="make an account for the console",
        description="""\
Make an account for the console and print the link by which its owner sets a
password, once. viewer: sees. guard: also verifies, enrols and corrects.
admin: all.""",
        examples="""\
  python -m server users add jane guard
""",
        flags=("logs", "web_host", "web_port"),
        arguments=(_ACCOUNT, Argument("role", "viewer, guard or admin")),
        function="users:add",
    ),
    "users reset": Command(
        help="take away a forgotten password and second factor",
        description="""\
Take away an account's password, second factor and sessions, and print the
link by which its owner sets a new password, once.""",
        examples="""\
  python -m server users reset jane
""",
        flags=("logs", "web_host", "web_port"),
        arguments=(_ACCOUNT,),
        function="users:reset",
    ),
    "users list": Command(
        help="who may use the console",
        description="List the accounts, their roles and when they last signed in.",
        examples="""\
  python -m server users list
""",
        flags=("logs",),
        function="users:listed",
    ),
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
    "who": Command(
        help="whom a word of a pseudonymous log stands for",
        description="""\
Tell which of the people who are enrolled now is called by this word in the
access log and the history (pseudonymous = true). It takes logs/pseudonym.key.""",
        examples="""\
  python -m server who person:3f1c9a0b7d52e864
""",
        flags=("faces", "logs"),
        arguments=(Argument("word", "as the log has it in place of a name"),),
        function="who:who",
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
        arguments=(Argument("name", "the person's name, as it is shown"),),
        function="forget:forget",
        recognises=True,
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
"""One word, or one of `GROUPS` and an action."""
