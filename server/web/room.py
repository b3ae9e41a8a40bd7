"""Room on a disk that uploads leave free."""

import shutil
from pathlib import Path

SPARE_BYTES = 1 << 30
"""Of the disk that are left to the logs, without which no door opens."""


def has_room(folder: Path, wanted: int = 0) -> bool:
    """Whether so many bytes more leave `SPARE_BYTES` free there. Not for the event loop. Raises OSError."""
    return shutil.disk_usage(folder).free >= SPARE_BYTES + wanted
