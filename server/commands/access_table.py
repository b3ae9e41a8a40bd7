"""The commands about who proves what: terminals, certificates, accounts."""

from pathlib import Path

from server.commands.command import Argument, Command
from server.tokens.store import OVERLAP_HOURS

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

ACCESS = {
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
}
