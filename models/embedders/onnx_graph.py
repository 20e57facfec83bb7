"""An ONNX graph in the making."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

OPSET = 17
IR_VERSION = 8
RUNTIME = "com.microsoft"  # the domain of the operators that onnxruntime has besides the standard ones

Tensor = Callable[[str], "np.ndarray"]


class Graph:
    """Nodes and constants, from weights that `tensor` gives by name. `add` gives the name of the new node's output."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """A node of one output."""
        [name] = self.add_many(kind, *inputs, outputs=(output or f"{kind.lower()}_{len(self._nodes)}",), **attributes)
        return name

    def add_many(self, kind: str, *inputs: str, outputs: tuple[str, ...], **attributes: Any) -> tuple[str, ...]:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))
        return outputs

    def constant(self, name: str, value: np.ndarray) -> str:
        from onnx import numpy_helper

        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(value, name)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.tensor(name))

    def integers(self, *values: int) -> str:
        import numpy as np

        return self.constant("integers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def number(self, name: str, value: float) -> str:
        import numpy as np

        return self.constant(name, np.array(value, np.float32))

    def model(self, name: str, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> ModelProto:
        from onnx import helper

        domains = sorted({node.domain for node in self._nodes})
        opsets = [helper.make_opsetid(domain, 1 if domain else OPSET) for domain in domains]
        graph = helper.make_graph(self._nodes, name, inputs, outputs, list(self._constants.values()))
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
