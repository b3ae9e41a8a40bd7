"""The demo, as `make demo` runs it."""

import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from server.audit.access_log import parse

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
        strip = picture[int(picture.shape[0] * 0.82) : int(picture.shape[0] * 0.92)].astype(np.uint8)
        banner = np.median(strip, axis=(0, 1))
        assert banner.argmax() == channel, f"the {verdict} banner has the wrong colour"
