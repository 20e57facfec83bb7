"""How a Qdrant Edge shard is laid out on the disk, and its optimized form: quick to open, lean, and quick to scan.

A new shard keeps what is written in one growing segment, whose sparse index is made anew in memory whenever it is
opened: some 15 microseconds and 1 KB a point. The optimized form has finished segments that are mapped, and beside each
dense vector its 4-bit code (TurboQuant). A search scans the codes, takes twice as many as asked for and scores those
with the vectors themselves. There is no HNSW graph. Of 18,866 MiniLM vectors of code and prose an exact scan took 3.8
ms of CPU a query; the codes 1.4 (recall@10 1.0; 0.9 s to make), HNSW with ef 128 1.7 (.996; 12 s). On 100,000 that
are sums of word vectors HNSW's recall@10 was .78 at best, the codes' 1.0.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ...storage.private import FOLDER_MODE

if TYPE_CHECKING:
    from qdrant_edge import EdgeConfig, EdgeShard, SearchParams

SPARSE: Final = "bm25"
OVERSAMPLING: Final = 2.0  # recall@30 1.0; without it .91 to .96
WAL_SEGMENT: Final = 2 << 20  # opening a shard reads its log: the default of 32 MB costs up to 60 MB of memory
FILE: Final = "edge_config.json"
WRITTEN: Final = "written"

SEARCH_THREADS: Final = 1  # two are no quicker at these sizes and take three times the CPU time
SEGMENT_KB: Final = 10_000_000  # one segment, whatever the size
INDEX_FROM_KB: Final = 1000  # quantize any collection that is optimized at all


def read_config(folder: Path) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], json.loads((folder / FILE).read_text()))


def create_shard(folder: Path) -> EdgeShard:
    """Make an empty shard in a folder that is not there yet."""
    import qdrant_edge as edge

    folder.mkdir(mode=FOLDER_MODE, parents=True)
    edge.EdgeShard.create(str(folder), _plain()).close()
    config = {**read_config(folder), "wal_options": {"segment_capacity": WAL_SEGMENT, **WAL_DEFAULTS}}
    (folder / FILE).write_text(json.dumps(config))
    shutil.rmtree(folder / "wal")  # of a shard without points only: a new log begins at operation 1
    return edge.EdgeShard.load(str(folder))


WAL_DEFAULTS: Final = {"segment_queue_len": 0, "retain_closed": 1}  # the file has all three options or none


def _plain() -> EdgeConfig:
    import qdrant_edge as edge

    return edge.EdgeConfig(
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(memory=edge.Memory.Cold)},
        max_search_threads=SEARCH_THREADS,
        payload_memory=edge.Memory.Cold,
        id_tracker_memory=edge.Memory.Cold,
    )


def optimized(config: Mapping[str, Any]) -> EdgeConfig:
    """The configuration that makes `optimize` rewrite a shard of this one. `Cold` is mapped, `Cached` is read at once:
    every search scans the codes."""
    import qdrant_edge as edge

    codes = edge.TurboQuantQuantizationConfig(bits=edge.TurboQuantBitSize.Bits4, memory=edge.Memory.Cached)
    dense = {
        name: edge.EdgeVectorParams(
            vector["size"], edge.Distance.Dot, memory=edge.Memory.Cold, quantization_config=codes
        )
        for name, vector in config.get("vectors", {}).items()
    }
    return edge.EdgeConfig(
        vectors=dense or None,
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(memory=edge.Memory.Cold)},
        max_search_threads=SEARCH_THREADS,
        payload_memory=edge.Memory.Cold,
        id_tracker_memory=edge.Memory.Cold,
        hnsw_config=edge.HnswIndexConfig(0, 100, 10_000, max_indexing_threads=1, memory=edge.Memory.Cold),
        optimizers=edge.EdgeOptimizersConfig(
            default_segment_number=1, max_segment_size=SEGMENT_KB, indexing_threshold=INDEX_FROM_KB
        ),
    )


def search_params(*, has_codes: bool) -> SearchParams:
    import qdrant_edge as edge

    if not has_codes:
        return edge.SearchParams(exact=True)
    return edge.SearchParams(quantization=edge.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING))


def optimize_shard(folder: Path) -> None:
    """Bring a shard that nobody has open into its optimized form. Holds the GIL until it is done."""
    import qdrant_edge as edge

    shard = edge.EdgeShard.load(str(folder), optimized(read_config(folder)))
    shard.optimize()
    shard.flush()
    shard.close()
    note_written(folder, 0)


def written(folder: Path) -> int:
    """How many points were written or deleted since the shard was made or optimized, each time counted."""
    try:
        return int((folder / WRITTEN).read_text())
    except (FileNotFoundError, ValueError):
        return 0


def note_written(folder: Path, count: int) -> None:
    (folder / WRITTEN).write_text(str(count))
