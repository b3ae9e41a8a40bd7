"""Lines of each log lose a name, and stay lines of that log."""

from datetime import datetime
from pathlib import PurePath

from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.operator_log import Act, ActKind, parse
from server.audit.trail import ENROLMENT_LOG
from server.forgetting.lines import changes
from server.forgetting.spelling import Person
from server.gallery.receipt_writer import enrolment_line
from server.gallery.receipts import LookAlike, Receipt, Status
from tests.support.histories import START

WORD = "erased:0123456789abcdef"
CHANGES = changes(Person("Jane Doe", WORD, {"Jane Doe Smith"}), bytes(32))
NOW = datetime(2026, 11, 22, 12, 0).astimezone()


def test_an_act_is_the_same_but_for_the_name() -> None:
    details = {
        "to": "Jane Doe",
        "photo": "jane_doe_2.jpg",
        "confirmed": "Jane Doe Smith",
        "asked": "q=Jane+Doe",
    }
    act = Act(START, "account:Jane Doe", ActKind.PERSON_RENAMED, "Jane Doe", "192.0.2.7", details)
    new = parse(CHANGES[OPERATOR_LOG](act.line().encode()).decode())
    assert (new.operator, new.subject, new.source) == ("account:Jane Doe", WORD, "192.0.2.7")
    assert new.details == {
        "to": WORD,
        "photo": f"{WORD}_2.jpg",
        "confirmed": "Jane Doe Smith",
        "asked": f"q={WORD}",
    }


def test_a_person_called_like_a_word_of_the_log_breaks_no_line() -> None:
    person = Person("Verified", WORD)
    act = Act(START, "account:admin", ActKind.VERIFIED, "Verified", None, {"source_of": "x"})
    new = changes(person, bytes(32))[OPERATOR_LOG](act.line().encode()).decode()
    assert parse(new) == Act(START, "account:admin", ActKind.VERIFIED, WORD, None, {"source_of": "x"})


def test_a_receipt_names_neither_person_nor_file() -> None:
    receipt = Receipt(
        PurePath("jane_doe/1.jpg"), "Jane Doe", Status.ACCEPTED, "ok", "1 photo of Jane Doe: more"
    )
    line = CHANGES[ENROLMENT_LOG](enrolment_line(NOW, receipt).encode()).decode()
    assert f'ACCEPTED "{WORD}/1.jpg" "{WORD}" reason=ok' in line and "ane" not in line


def test_whom_somebody_else_looks_like_is_gone_as_well() -> None:
    alike = LookAlike("Jane Doe", 0.4)
    receipt = Receipt(PurePath("jane_doe_smith.jpg"), "Jane Doe Smith", Status.HELD, "alike", "", alike)
    line = CHANGES[ENROLMENT_LOG](enrolment_line(NOW, receipt).encode()).decode()
    assert f'"jane_doe_smith.jpg" "Jane Doe Smith" reason=alike looks_like="{WORD}" distance=0.400' in line
