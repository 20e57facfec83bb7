"""BERT of six layers with mean pooling under the attention mask and length 1, as ONNX graphs.

The second output of each is the token vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .onnx_graph import Graph, Tensor

if TYPE_CHECKING:
    from onnx import ModelProto

LAYERS = 6
HEADS = 12
WIDTH = 384
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-12  # of BERT's layer normalisation


def exact_model(tensor: Tensor) -> ModelProto:
    """In 32-bit floats and standard operators: the vectors of sentence-transformers."""
    graph = Graph(tensor)
    hidden = embeddings(graph)
    bias = _attention_bias(graph)
    for layer in range(LAYERS):
        hidden = _layer(graph, f"encoder.layer.{layer}", hidden, bias)
    pooled(graph, hidden)
    return finished(graph)


def finished(graph: Graph) -> ModelProto:
    from onnx import TensorProto, helper

    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ("batch", "length")) for name in ("ids", "mask")]
    shapes = {"vectors": ("batch", WIDTH), "token_vectors": ("batch", "length", WIDTH)}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    return graph.model("all-minilm-l6-v2", inputs, outputs)


def _linear(graph: Graph, name: str, source: str) -> str:
    import numpy as np

    turned = np.ascontiguousarray(graph.tensor(f"{name}.weight").T)
    product = graph.add("MatMul", source, graph.constant(f"{name}.weight.T", turned))
    return graph.add("Add", product, graph.weight(f"{name}.bias"))


def _normalised(graph: Graph, name: str, source: str) -> str:
    scale, shift = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.add("LayerNormalization", source, scale, shift, axis=-1, epsilon=EPSILON)


def embeddings(graph: Graph) -> str:
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids", axis=0)
    # Positions are a slice of the table: onnxruntime fuses Gather(Range) into a Slice that fails at run time.
    length = graph.add("Slice", graph.add("Shape", "ids"), graph.integers(1), graph.integers(2))
    table = graph.weight("embeddings.position_embeddings.weight")
    positions = graph.add("Slice", table, graph.integers(0), length, graph.integers(0))
    kinds = graph.constant("first_token_type", graph.tensor("embeddings.token_type_embeddings.weight")[0])
    summed = graph.add("Add", graph.add("Add", words, kinds), positions)
    return _normalised(graph, "embeddings.LayerNorm", summed)


def _attention_bias(graph: Graph) -> str:
    """0 where a token stands and the lowest float where there is only padding, as (batch, 1, 1, length)."""
    import numpy as np

    mask = graph.add("Cast", graph.add("Unsqueeze", "mask", graph.integers(1, 2)), to=1)
    absent = graph.add("Sub", graph.number("one", 1.0), mask)
    return graph.add("Mul", absent, graph.number("lowest", float(np.finfo(np.float32).min)))


def _layer(graph: Graph, name: str, hidden: str, bias: str) -> str:
    attended = _linear(
        graph, f"{name}.attention.output.dense", _attention(graph, f"{name}.attention.self", hidden, bias)
    )
    hidden = _normalised(graph, f"{name}.attention.output.LayerNorm", graph.add("Add", attended, hidden))
    wide = _gelu(graph, _linear(graph, f"{name}.intermediate.dense", hidden))
    narrow = _linear(graph, f"{name}.output.dense", wide)
    return _normalised(graph, f"{name}.output.LayerNorm", graph.add("Add", narrow, hidden))


def _attention(graph: Graph, name: str, hidden: str, bias: str) -> str:
    def heads(part: str, *order: int) -> str:
        split = graph.add("Reshape", _linear(graph, f"{name}.{part}", hidden), graph.integers(0, 0, HEADS, HEAD_WIDTH))
        return graph.add("Transpose", split, perm=order)

    scores = graph.add("MatMul", heads("query", 0, 2, 1, 3), heads("key", 0, 2, 3, 1))
    scaled = graph.add("Div", scores, graph.number("root_of_head_width", HEAD_WIDTH**0.5))
    weights = graph.add("Softmax", graph.add("Add", scaled, bias), axis=-1)
    context = graph.add("MatMul", weights, heads("value", 0, 2, 1, 3))
    joined = graph.add("Transpose", context, perm=[0, 2, 1, 3])
    return graph.add("Reshape", joined, graph.integers(0, 0, WIDTH))


def _gelu(graph: Graph, source: str) -> str:
    erf = graph.add("Erf", graph.add("Div", source, graph.number("root_of_two", 2.0**0.5)))
    product = graph.add("Mul", source, graph.add("Add", erf, graph.number("one", 1.0)))
    return graph.add("Mul", product, graph.number("half", 0.5))


def pooled(graph: Graph, hidden: str) -> None:
    graph.add("Identity", hidden, output="token_vectors")
    mask = graph.add("Cast", graph.add("Unsqueeze", "mask", graph.integers(2)), to=1)
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), graph.integers(1), keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, graph.integers(1), keepdims=0))
    length = graph.add("Sqrt", graph.add("ReduceSum", graph.add("Mul", mean, mean), graph.integers(1)))
    graph.add("Div", mean, graph.add("Max", length, graph.number("tiny", 1e-12)), output="vectors")
