"""The node tests of the ONNX package against our value rules; what these do not reach is listed, with why."""

import importlib
import pkgutil
import warnings

import numpy as np
import pytest

node_tests = pytest.importorskip(
    "onnx.backend.test.case.node", reason="onnx is not installed: pip install .[test]"
)
from support.onnx_adapter import HANDLERS, Unreached, run  # noqa: E402  # it needs onnx

FILES = {op_type.lower() for op_type in HANDLERS}
"""The package makes the cases of an op type in a file of its name, when the file is loaded; all take 7 seconds."""


def cases():
    """The cases that have one node, of a type that we compute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package computes its own expected infinities and overflows
        for module in pkgutil.iter_modules(node_tests.__path__):
            if module.name.replace("_", "") in FILES:
                importlib.import_module(f"{node_tests.__name__}.{module.name}")
    return {
        case.name.removeprefix("test_"): case
        for case in node_tests._NodeTestCases
        if [node.op_type in HANDLERS and not node.domain for node in case.model.graph.node] == [True]
    }


CASES = cases()
SKIPPED = {
    "images have one axis or two, not three": [
        "averagepool_3d_default",
        "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
        "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True",
        "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
        "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
        "averagepool_3d_dilations_small",
        "convtranspose_3d",
        "maxpool_3d_default",
        "maxpool_3d_dilations",
        "maxpool_3d_dilations_use_ref_impl",
        "maxpool_3d_dilations_use_ref_impl_large",
    ],
    "the windows of our poolings have no dilation": ["averagepool_2d_dilations", "maxpool_2d_dilations"],
    "our padding is of zeros, not of what is inside": ["edge_pad", "reflect_pad", "wrap_pad"],
    "a quotient of whole numbers is rounded; ours is a fraction": [
        "div_int8", "div_int16", "div_int32_trunc", "div_uint8", "div_uint16", "div_uint32", "div_uint64",
    ],
    "truth values are not numbers here": ["reduce_max_bool_inputs", "reduce_max_empty_set_bool"],
    "of no entries there is no largest one; ours says so": ["reduce_max_empty_set"],
}  # fmt: skip
REASON = {name: reason for reason, names in SKIPPED.items() for name in names}
FLOOR = 210


@pytest.mark.parametrize("name", CASES)
def test_node(name):
    case = CASES[name]
    (node,), ((inputs, expected),) = case.model.graph.node, case.data_sets
    if name in REASON:
        with pytest.raises(Unreached, match=REASON[name]):
            run(node, inputs)
        pytest.skip(REASON[name])
    found = run(node, inputs)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one.astype(other.dtype), other, rtol=case.rtol, atol=case.atol)


def test_enough_cases_ran():
    assert set(REASON) <= set(CASES)
    assert len(CASES) - len(REASON) >= FLOOR


def test_every_op_has_cases():
    assert {node.op_type for case in CASES.values() for node in case.model.graph.node} == set(HANDLERS)
