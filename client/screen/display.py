"""Whether a window can be opened. Qt ends the whole process when it cannot, so look before."""

import re
import socket
import subprocess
import sys
from collections.abc import Mapping

PROBE_SECONDS = 20.0
CONNECT_SECONDS = 2.0
_PROBE = "import cv2; cv2.namedWindow('Doorward'); cv2.destroyAllWindows()"


def display_problem(environment: Mapping[str, str]) -> str | None:
    """Why no window can be opened; None when one can, as far as can be known."""
    if not sys.platform.startswith("linux"):
        return None
    display = environment.get("DISPLAY", "")
    if not display and not environment.get("WAYLAND_DISPLAY"):
        return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    if local and not _answers(f"/tmp/.X11-unix/X{local[1]}"):  # noqa: S108 - where X11 puts it
        return f"no X server answers on display {display}"
    return _probe()


def _answers(path: str) -> bool:
    """Whether an X server listens on its socket, or on the abstract one of the same name."""
    for address in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(CONNECT_SECONDS)
            try:
                sock.connect(address)
            except OSError:
                continue
            return True
    return False


def _probe() -> str | None:
    """Open a window in a process of its own: it finds refused access and missing libraries, too."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    if probe.returncode == 0:
        return None
    if "not implemented" in probe.stderr:
        return "this OpenCV was built without windows (opencv-python-headless)"
    lines = probe.stderr.strip().splitlines() or ["no reason given"]
    return f"OpenCV cannot open a window: {lines[0]}"
