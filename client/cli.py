"""Entry point. OpenCV is imported after the command line is parsed: `--help` works without it."""

import os

from client.exits import Exit, FatalError
from client.options import Options, parse
from client.say import say

SYSTEM_LIBRARIES = ("libGL", "libgthread", "libglib")
"""What the OpenCV wheel expects from the system and a minimal Debian does not have."""
APT = "sudo apt install libgl1 libglib2.0-0"


def main() -> int:
    """Run the terminal with the process's arguments. Returns the exit code."""
    options = parse()
    try:
        return int(_run(options))
    except FatalError as fatal:
        say(fatal.message)
        return int(fatal.code)
    except KeyboardInterrupt:
        return int(Exit.OK)


def _run(options: Options) -> Exit:
    # FFmpeg and OpenCV describe a broken video at length; the terminal says it in one line.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    try:
        if options.doctor:
            from client.doctor import run
        else:
            from client.terminal import run
    except ImportError as error:
        raise FatalError(Exit.SOURCE, _import_advice(error)) from error
    return run(options)


def _import_advice(error: ImportError) -> str:
    if any(library in str(error) for library in SYSTEM_LIBRARIES):
        return f"OpenCV misses a system library ({error}); on Debian or Ubuntu: {APT}"
    name, needed = ("Pillow", "Pillow>=10.1") if error.name == "PIL" else ("OpenCV", "opencv-python>=4.8,<5")
    return f"{name} cannot be used ({error}); install it with: pip install '{needed}'"
