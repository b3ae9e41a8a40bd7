"""The commands about the server itself and whom it knows."""

from server.commands.command import FLAGS, Command

_FOLDERS = ("faces", "logs", "workers")
_RISK = ("max_false_accept", "threshold")

DOORS = {
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
}
