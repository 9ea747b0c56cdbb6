"""Turning a published model file into the one that is loaded. Pure bytes to bytes, the same bytes on every machine.

The only preparation so far is for OpenCV's block-quantised ("int8bq") ONNX files: onnxruntime refuses them as published
(weights are dangling graph inputs) and runs them half as fast as their float32 form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[Any]

WORKING_COPY_PRODUCER = "liveness-server dequantise 1"
"""Written into the prepared file; raise the number when the preparation changes."""


def _attribute(node: Any, name: str, default: int) -> int:
    return next((a.i for a in node.attribute if a.name == name), default)


def _expand(scale: Tensor, shape: tuple[int, ...], axis: int, block: int) -> Tensor:
    """Bring a per-block or per-axis parameter to the shape of the tensor it belongs to."""
    if block:
        return np.repeat(scale, block, axis).take(range(shape[axis]), axis)
    if scale.ndim == 1 and scale.size > 1:
        return scale.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return scale


def _dequantise_node(node: Any, constants: dict[str, Tensor]) -> Tensor:
    """Evaluate one ONNX DequantizeLinear (opset 21) on constants: ``(x - zero_point) * scale``."""
    quantised = constants[node.input[0]]
    parameters = [constants[name] for name in node.input[1:3]]
    axis, block = _attribute(node, "axis", 1), _attribute(node, "block_size", 0)
    scale, *zero = [_expand(p, quantised.shape, axis, block).astype(np.float32) for p in parameters]
    shifted = quantised.astype(np.float32) - (zero[0] if zero else np.float32(0))
    return np.asarray(shifted * scale, dtype=np.float32)


def _reshape_node(node: Any, constants: dict[str, Tensor]) -> Tensor:
    return constants[node.input[0]].reshape(constants[node.input[1]])


_FOLDABLE: dict[str, Callable[[Any, dict[str, Tensor]], Tensor]] = {
    "DequantizeLinear": _dequantise_node,
    "Reshape": _reshape_node,
}


def _fold(graph: Any, constants: dict[str, Tensor]) -> list[Any]:
    """Evaluate every foldable node whose inputs are constants; return the nodes that stay."""
    kept = []
    for node in graph.node:
        if node.op_type in _FOLDABLE and all(name in constants for name in node.input):
            constants[node.output[0]] = _FOLDABLE[node.op_type](node, constants)
        else:
            kept.append(node)
    return kept


def dequantise(data: bytes) -> bytes:
    """Rewrite a weight-quantised ONNX model as float32, with the real input as its only graph input.

    The arithmetic is one subtraction and one product in IEEE float32 per weight and the result is serialised in field
    order, so that the digest of the prepared file can be pinned beside the digest of the published one.
    """
    import onnx  # noqa: PLC0415  (0.5 s of import that only `models fetch` needs)
    from onnx import numpy_helper  # noqa: PLC0415

    model = onnx.load_model_from_string(data)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    nodes = _fold(graph, constants)
    used = {name for node in nodes for name in node.input}
    tensors = [numpy_helper.from_array(constants[name], name) for name in sorted(used & constants.keys())]
    inputs = [value for value in inputs if value.name in used]
    prepared = onnx.helper.make_graph(nodes, graph.name, inputs, list(graph.output), tensors)
    result = onnx.helper.make_model(
        prepared,
        opset_imports=list(model.opset_import),
        ir_version=model.ir_version,
        producer_name=WORKING_COPY_PRODUCER,
    )
    return bytes(result.SerializeToString(deterministic=True))


PREPARATIONS: dict[str, Callable[[bytes], bytes]] = {"none": bytes, "dequantise": dequantise}
"""What a manifest entry's `prepare` may name."""
