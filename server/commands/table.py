"""All commands, in the order in which the help shows them, and the words that some begin with."""

from server.commands.access_table import ACCESS
from server.commands.doors_table import DOORS
from server.commands.records_table import RECORDS

COMMANDS = {**DOORS, **ACCESS, **RECORDS}
"""One word, or one of `GROUPS` and an action."""
GROUPS: dict[str, str] = {
    "encryption": "the key by which what is kept of faces is encrypted",
    "history": "the record of decisions and acts in SQL, which the console shows",
    "terminals": "tokens by which terminals prove who they are",
    "tls": "certificates for the server and for terminals, of an authority of your own",
    "users": "who may use the console",
}
"""Words that are followed by an action, and what such actions are about."""
