"""The second factor: codes of an authenticator app (TOTP, RFC 6238)."""

import time

import pyotp
from sqlalchemy import Connection, or_, select, update

from server.accounts.tables import ACCOUNT

ISSUER = "Doorward"
STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A phone's clock may be off by so many steps."""


def new_key() -> str:
    """A secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def address(key: str, account: str) -> str:
    """What the QR code holds that an authenticator app reads."""
    return pyotp.TOTP(key).provisioning_uri(name=account, issuer_name=ISSUER)


def step_of(key: str, code: str, now: float | None = None) -> int | None:
    """The time step whose code this is; None: of none near `now`, in seconds since 1970."""
    present = int(time.time() if now is None else now) // STEP_SECONDS
    totp = pyotp.TOTP(key)
    digits = code.replace(" ", "")
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if pyotp.utils.strings_equal(totp.at(step * STEP_SECONDS), digits):
            return step
    return None


def key_of(connection: Connection, account: int) -> str | None:
    return connection.execute(select(ACCOUNT.c.totp).where(ACCOUNT.c.number == account)).scalar_one_or_none()


def turn_on(connection: Connection, account: int, key: str, step: int) -> None:
    """`step`: of the code that proved that the app has it."""
    values = {"totp": key, "totp_step": step}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.number == account).values(values))


def turn_off(connection: Connection, account: int) -> None:
    values = {"totp": None, "totp_step": None}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.number == account).values(values))


def use(connection: Connection, account: int, step: int) -> bool:
    """Use the code of that step up; False: it, or a later one, has been used."""
    unused = or_(ACCOUNT.c.totp_step.is_(None), ACCOUNT.c.totp_step < step)
    done = connection.execute(
        update(ACCOUNT).where(ACCOUNT.c.number == account, unused).values(totp_step=step)
    )
    return done.rowcount == 1
