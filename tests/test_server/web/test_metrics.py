"""Numbers for Prometheus."""

from prometheus_client.parser import text_string_to_metric_families

from server.accounts.rights import Role
from server.events import Decided
from tests.support.console import Site, key_of
from tests.support.histories import entry
from tests.support.made_up_people import some_people
from tests.support.service import FakePeer
from wire.reasons import Reason

NONE = frozenset[str]()


def decide(site: Site, number: int, terminal: str, reason: Reason) -> None:
    line = entry(number, terminal=terminal, reason=reason)
    site.vitals.decisions.take(Decided(terminal, line.decision, (line,)))


def samples(site: Site, owner: str = "admin") -> dict[tuple[str, frozenset[str]], float]:
    """(name, values of the labels) -> value."""
    answer = site.browser().get("/metrics", headers=key_of(site.browser(owner), "metrics"))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_servers_numbers_are_there(site: Site) -> None:
    site.gallery, site.photos.enrolled = some_people()
    for seconds in (0.01, 0.15, 9.0):
        site.vitals.tally.take(seconds)
    site.vitals.tally.skipped = 4
    site.vitals.lost["history"] = 2
    site.live.join(FakePeer("front"))
    found = samples(site)
    assert found["doorward_frames_answered_total", NONE] == 3
    assert found["doorward_frames_skipped_total", NONE] == 4
    assert found["doorward_frame_seconds_bucket", frozenset({"0.025"})] == 1
    assert found["doorward_frame_seconds_bucket", frozenset({"0.2"})] == 2
    assert (
        found["doorward_frame_seconds_bucket", frozenset({"+Inf"})]
        == found["doorward_frame_seconds_count", NONE]
        == 3
    )
    assert round(found["doorward_frame_seconds_sum", NONE], 2) == 9.16
    assert (found["doorward_people", NONE], found["doorward_photos", NONE]) == (3, 5)
    assert found["doorward_workers_alive", NONE] == 3 and found["doorward_workers_replaced_total", NONE] == 0
    assert found["doorward_terminal_connected", frozenset({"front"})] == 1
    assert found["doorward_events_lost_total", frozenset({"history"})] == 2
    assert found["doorward_database_writes_waiting", NONE] == 0
    assert found["doorward_loop_delay_seconds", NONE] == 0
    assert found["doorward_disk_free_bytes", NONE] > 0
    assert ("doorward_certificate_expiry_seconds", NONE) not in found


def test_decisions_are_told_by_terminal_verdict_and_reason_and_nobody_is_named(site: Site) -> None:
    site.gallery, site.photos.enrolled = some_people()
    decide(site, 1, "front", Reason.RECOGNISED)
    decide(site, 2, "front", Reason.RECOGNISED)
    decide(site, 3, "lab", Reason.UNKNOWN_FACE)
    found = samples(site)
    assert found["doorward_decisions_total", frozenset({"front", "granted", "recognised"})] == 2
    assert found["doorward_decisions_total", frozenset({"lab", "denied", "unknown_face"})] == 1
    assert not {"Ada", "Bob", "Carl"} & {label for _, labels in found for label in labels}


def test_a_key_sees_the_terminals_of_its_owner(site: Site) -> None:
    site.account("lara", Role.ADMIN, ["lab"])
    decide(site, 1, "front", Reason.RECOGNISED)
    decide(site, 2, "lab", Reason.RECOGNISED)
    site.live.join(FakePeer("front"))
    found = samples(site, "lara")
    assert [labels for name, labels in found if name == "doorward_decisions_total"] == [
        {"lab", "granted", "recognised"}
    ]
    assert not [labels for name, labels in found if name == "doorward_terminal_connected"]


def test_a_key_without_the_scope_reads_nothing(site: Site) -> None:
    assert site.browser().get("/metrics").status_code == 401
    see = key_of(site.browser("admin"), "see")
    assert site.browser().get("/metrics", headers=see).status_code == 403
    assert site.browser("guard").get("/metrics").status_code == 403
