"""Files that are made once and kept, with a checksum at their end that tells a damaged one."""

import hashlib
import logging
from pathlib import Path

from server.support.private_files import replace_private

log = logging.getLogger(__name__)

_START = b"\xc2\x3e\x20"
"""Of a protobuf field with number 1000 and 32 bytes: unknown to readers of ONNX, so they skip it."""
_BYTES = len(_START) + hashlib.sha256().digest_size


def intact(path: Path) -> bool:
    """Whether there is such a file, and it is as `store` wrote it; the log tells of one that is not."""
    if not path.is_file():  # nothing yet, or what could not be read to its end
        return False
    try:
        content = path.read_bytes()
    except OSError as error:
        log.warning("%s cannot be read (%s): converting the weights anew", path, error)
        return False
    if content[-_BYTES:] != _seal(memoryview(content)[:-_BYTES]):
        log.warning("%s is damaged: converting the weights anew", path)
        return False
    return True


def store(path: Path, model: bytes) -> None:
    """Write a serialised ONNX model and its seal, whole or not at all, into a folder that is made if missing;
    of several writers the last one wins. The log tells why it could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_private(path, model + _seal(model))
    except OSError as error:
        log.warning("%s cannot be written (%s): every start converts the weights anew", path, error)


def _seal(model: bytes | memoryview) -> bytes:
    return _START + hashlib.sha256(model).digest()
