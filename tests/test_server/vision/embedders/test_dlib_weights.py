"""The parser of dlib's weights, against the real file and against small ones written here."""

import math
import struct
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.vision.embedders.dlib_weights import (
    AddKept,
    Affine,
    Convolution,
    Dense,
    Keep,
    Layer,
    Network,
    Pool,
    Relu,
    Swap,
    Weights,
    WeightsError,
    parse_network,
)
from server.weights import weights_folder

REAL = weights_folder() / "dlib_face_recognition_resnet_model_v1.dat"


def integer(value: int) -> bytes:
    size = max(1, (value.bit_length() + 7) // 8 if value >= 0 else (-value.bit_length() // -8))
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def integers(*values: int) -> bytes:
    return b"".join(map(integer, values))


def real(value: float, digits: int = 53) -> bytes:
    """As dlib writes a double; `digits` are 24 for a float."""
    fraction, exponent = math.frexp(value)
    mantissa, exponent = int(fraction * 2**digits), exponent - digits
    for _ in range(8):
        if mantissa & 0xFF == 0:
            mantissa, exponent = mantissa >> 8, exponent + 8
    return integers(mantissa, exponent)


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def tensor(*parts: Weights, shape: tuple[int, ...] | None = None) -> bytes:
    flat = np.concatenate([part.reshape(-1) for part in parts])
    return integers(2, *(shape or (flat.size, 1, 1, 1))) + flat.astype("<f4").tobytes()


def part(*shape: int) -> bytes:
    return integers(1, *shape)


EMPTY = integers(2, 0, 0, 0, 0)
RATES = real(1) * 3 + real(0)


def described(layer: Layer) -> bytes:
    """What dlib writes of one layer, up to the flags."""
    match layer:
        case Convolution(filters, bias, stride, padding):
            outputs, _, rows, columns = filters.shape
            sizes = integers(outputs, rows, columns, *stride, *padding)
            parts = part(*filters.shape) + part(1, outputs, 1, 1)
            return text("con_4") + tensor(filters, bias) + sizes + parts + RATES
        case Affine(gamma, beta):
            return text("affine_") + tensor(gamma, beta) + part(1, gamma.size, 1, 1) * 2 + integer(0)
        case Pool(maximum, window, stride):
            return text("max_pool_2" if maximum else "avg_pool_2") + integers(*window, *stride, 0, 0)
        case Dense(weights):
            inputs, outputs = weights.shape
            values = tensor(weights, shape=(inputs, outputs, 1, 1))
            sizes = part(inputs, outputs, 1, 1) + part(0, 0, 0, 0) + integer(1)
            return text("fc_2") + integers(outputs, inputs) + values + sizes + RATES
        case _:
            return text("relu_" if isinstance(layer, Relu) else "add_prev_")


def serialised(network: Network) -> bytes:
    """The file that dlib would have written."""
    versions = {Keep: [1], Swap: [1, 1]}
    structure = [version for layer in network.layers for version in versions.get(type(layer), [2])]
    structure[0] = 3
    margin, threshold = float(np.float32(0.04)), float(np.float32(0.6))
    out = integer(1) + text("loss_metric_2") + real(margin, 24) + real(threshold, 24)
    out += integers(*reversed(structure)) + text("input_rgb_image_sized")
    out += b"".join(real(value, 24) for value in network.mean) + integers(*network.size)
    bodies = []
    for layer, following in zip(network.layers, (*network.layers[1:], None), strict=True):
        if not isinstance(layer, Keep | Swap):
            in_place = b"1" if isinstance(following, Relu) else b"0"
            bodies.append(described(layer) + b"11" + in_place + EMPTY * 3)
    bodies[0] += integer(1)
    return out + b"".join(bodies)


def small() -> Network:
    """Every kind of layer once, of a few weights each."""
    generator = np.random.default_rng(7)

    def values(*shape: int) -> Weights:
        return generator.standard_normal(shape, dtype=np.float32)

    layers = (
        Convolution(values(2, 3, 3, 3), values(2), (2, 2), (0, 0)),
        Affine(values(2), values(2)),
        Relu(),
        Pool(True, (3, 3), (2, 2)),
        Keep(),
        Convolution(values(3, 2, 1, 1), values(3), (1, 1), (0, 0)),
        Affine(values(3), values(3)),
        Swap(),
        Pool(False, (0, 0), (1, 1)),
        AddKept(),
        Dense(values(3, 4)),
    )
    return Network((1.5, 2.0, 0.25), (9, 9), layers)


SMALL = serialised(small())


def test_the_real_file_has_the_layers_of_the_face_network() -> None:
    network = parse_network(REAL.read_bytes())
    counts = Counter(type(layer) for layer in network.layers)
    assert counts == {
        Convolution: 29,
        Affine: 29,
        Relu: 29,
        AddKept: 14,
        Keep: 14,
        Swap: 4,
        Pool: 6,
        Dense: 1,
    }
    pools = [layer for layer in network.layers if isinstance(layer, Pool)]
    assert [pool.maximum for pool in pools] == [True] + [False] * 5
    assert network.size == (150, 150)
    assert network.mean == pytest.approx((122.782, 117.001, 104.298))


def test_nothing_of_the_real_file_is_lost() -> None:
    content = REAL.read_bytes()
    assert serialised(parse_network(content)) == content


def test_a_small_file_is_read_as_written() -> None:
    network = parse_network(SMALL)
    assert [type(layer) for layer in network.layers] == [type(layer) for layer in small().layers]
    for found, wanted in zip(network.layers, small().layers, strict=True):
        for name, value in vars(wanted).items():
            np.testing.assert_array_equal(getattr(found, name), value)
    assert (network.mean, network.size) == (small().mean, small().size)


def test_a_file_that_ends_early_is_refused_wherever_it_ends() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(WeightsError, match="truncated"):
            parse_network(SMALL[:length])


@pytest.mark.parametrize("left", [0, 1, 4, 100, 300, 10_000, 11_000_000, -1])
def test_a_truncated_real_file_is_refused(left: int) -> None:
    with pytest.raises(WeightsError, match="truncated"):
        parse_network(REAL.read_bytes()[:left])


def test_a_trailing_byte_is_refused() -> None:
    with pytest.raises(WeightsError, match="end of the file"):
        parse_network(SMALL + b"\x01")


@given(st.binary(min_size=1, max_size=30), st.integers(0, len(SMALL)), st.integers(0, 30))
def test_a_damaged_file_never_causes_another_error(noise: bytes, place: int, lost: int) -> None:
    with suppress(WeightsError):
        parse_network(SMALL[:place] + noise + SMALL[place + lost :])


@given(st.binary())
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(WeightsError):
        parse_network(noise)


DAMAGES = {
    "version of the loss": (SMALL[:2], integer(2), "loss layer's version is 2"),
    "loss": (text("loss_metric_2"), text("loss_metric_3"), "'loss_metric_3' instead of 'loss_metric_2'"),
    "version of a layer": (integers(2, 2, 1, 1), integers(2, 4, 1, 1), "innermost layer's version is 4"),
    "three tags": (integers(2, 2, 1, 1), integers(2, 1, 1, 1), "3 tags in a row"),
    "input": (text("input_rgb_image_sized"), text("input_rgb_image_pyrami"), "input layer"),
    "mean": (real(1.5, 24), integers(1, 32000), "no finite number"),
    "size": (integers(9, 9), integers(9, -9), "negative"),
    "kind of layer": (text("relu_"), text("mish_"), "layer 'mish_' is unknown"),
    "version of a tensor": (EMPTY, integers(3, 0, 0, 0, 0), "tensor's version is 3"),
    "huge tensor": (EMPTY, integers(2, 2**62, 2**62, 2**62, 2**62), "truncated"),
    "weights for training": (EMPTY, integers(2, 1, 1, 1, 1) + bytes(4), "tensor for training is 1"),
    "version of a part": (part(2, 3, 3, 3), integers(2, 2, 3, 3, 3), "part's version is 2"),
    "size of a part": (part(2, 3, 3, 3), part(2, 3, 3, 2), "size of both parts is 38 instead of 56"),
    "shape of the filters": (part(2, 3, 3, 3), part(2, 1, 9, 3), "size of the filters"),
    "shape of the biases": (part(1, 2, 1, 1), part(2, 1, 1, 1), "shape of the biases"),
    "shape of beta": (part(1, 3, 1, 1) + integer(0), part(1, 1, 3, 1) + integer(0), "shape of beta"),
    "mode of an affine layer": (part(1, 3, 1, 1) + integer(0), part(1, 3, 1, 1) + integer(1), "the mode"),
    "padded pool": (
        text("max_pool_2") + integers(3, 3, 2, 2, 0, 0),
        text("max_pool_2") + integers(3, 3, 2, 2, 1, 1),
        "padding of a pool",
    ),
    "shape of the dense layer": (part(3, 4, 1, 1), part(4, 3, 1, 1), "shape of the dense layer"),
    "mode of the dense layer": (part(0, 0, 0, 0) + integer(1), part(0, 0, 0, 0) + integer(0), "its mode"),
    "flag": (b"111", b"121", "booleans"),
    "pictures from one": (EMPTY * 3 + integer(1), EMPTY * 3 + integer(2), "number of pictures"),
    "integer without bytes": (EMPTY, b"\x00" + EMPTY, "0x00 does not start an integer"),
    "integer of nine bytes": (EMPTY, b"\x09" + bytes(9) + EMPTY, "0x09 does not start an integer"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_not_as_we_know_it_is_refused_with_the_reason(damage: str) -> None:
    old, new, reason = DAMAGES[damage]
    assert old in SMALL
    with pytest.raises(
        WeightsError, match="^not the face network's weights: before byte [0-9]+, .*" + reason
    ):
        parse_network(SMALL.replace(old, new, 1))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_weight_that_is_no_number_is_refused(value: float) -> None:
    network = small()
    layer = network.layers[-1]
    assert isinstance(layer, Dense)
    first = layer.weights.reshape(-1)[:1].tobytes()
    with pytest.raises(WeightsError, match="a weight is no finite number"):
        parse_network(SMALL.replace(first, struct.pack("<f", value)))


def test_the_weights_cannot_be_changed_by_accident() -> None:
    layer = parse_network(SMALL).layers[-1]
    assert isinstance(layer, Dense)
    with pytest.raises(ValueError, match="read-only"):
        layer.weights[0, 0] = 0
