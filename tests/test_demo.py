"""The demo, as `make demo` runs it, and what the site of `make demo-console` is made of."""

import random
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from scripts import demo_console
from scripts.samples import PHOTOS
from server.audit.access_log import parse
from server.roster.people_file import parse as parse_people
from server.settings import Settings
from server.support.toml_file import document

ROOT = Path(__file__).resolve().parents[1]


def test_the_demo_grants_the_enrolled_and_denies_photo_and_stranger_although_port_5000_is_taken() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 5000))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "scripts/demo.py"], cwd=ROOT, capture_output=True, text=True, timeout=200
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "port 5000 is taken" in done.stdout
    lines = [parse(line) for line in (ROOT / ".demo/logs/access_log.txt").read_text().splitlines()]
    assert [(line["verdict"], line["name"], line["liveness"]) for line in lines] == [
        ("DENIED", "Barack Obama", "not_proven"),
        ("GRANTED", "Barack Obama", "off"),
        ("DENIED", None, "off"),
    ]
    for verdict, channel in (("granted", 1), ("denied", 2)):
        picture = cv2.imread(str(ROOT / ".demo" / f"{verdict}.png"))
        assert picture is not None
        banner = np.median(picture[int(picture.shape[0] * 0.82) : int(picture.shape[0] * 0.92)], axis=(0, 1))
        assert banner.argmax() == channel, f"the {verdict} banner has the wrong colour"


def test_the_site_to_click_through_keeps_pictures_and_its_files_are_right() -> None:
    settings = Settings.model_validate(document(demo_console.SETTINGS.encode()))
    assert settings.record and settings.record_pictures and settings.record_days == 1
    roster = parse_people(demo_console.LAID_DOWN.encode())
    assert set(roster.terminals) == set(demo_console.DOORS) and set(roster.permits) == {"Barack Obama"}
    assert {*demo_console.ENROLLED.values(), *sum(demo_console.DOORS.values(), ())} <= set(PHOTOS)


def test_the_log_of_the_site_to_click_through_is_one() -> None:
    lines = [parse(line) for line in demo_console.history(random.Random(7)).splitlines()]
    assert len(lines) == demo_console.VISITS
    assert {line["name"] for line in lines} == {"Barack Obama", None}
    assert {line["terminal"] for line in lines} == set(demo_console.DOORS)
