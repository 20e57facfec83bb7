"""What the graph on a Neo4j server is asked, in Cypher. Every value is a parameter.

    (:HydraCollection {key, chunks})                        how many chunks a collection has
    (:HydraChunk {key, collection, id, counts})             counts: references by kind, in the order of edges.KINDS
    (:HydraName {key, collection, hash, name, degree, weight})
    (:HydraChunk)-[:REFERS {weight, kinds, said}]->(:HydraName)

A key begins with the id of the collection, so that collections share a server without seeing each other. Degree and
weight of a name are those of its edges: each write moves them with the edges, in one transaction.
"""

from __future__ import annotations

from typing import Final

SCHEMA: Final = (
    "CREATE CONSTRAINT hydra_collection IF NOT EXISTS FOR (k:HydraCollection) REQUIRE k.key IS UNIQUE",
    "CREATE CONSTRAINT hydra_chunk IF NOT EXISTS FOR (c:HydraChunk) REQUIRE c.key IS UNIQUE",
    "CREATE CONSTRAINT hydra_name IF NOT EXISTS FOR (n:HydraName) REQUIRE n.key IS UNIQUE",
    "CREATE INDEX hydra_chunks IF NOT EXISTS FOR (c:HydraChunk) ON (c.collection)",
    "CREATE INDEX hydra_names IF NOT EXISTS FOR (n:HydraName) ON (n.collection)",
    "CALL db.awaitIndexes(60)",
)

# --- writing, in this order and in one transaction

TAKE_OUT_EDGES: Final = """
UNWIND $chunks AS key
MATCH (:HydraChunk {key: key})-[r:REFERS]->(n:HydraName)
WITH n, collect(r) AS old, sum(r.weight) AS weight
SET n.degree = n.degree - size(old), n.weight = n.weight - weight
FOREACH (r IN old | DELETE r)
RETURN collect(n.key) AS names
"""
PUT_CHUNKS: Final = """
MERGE (k:HydraCollection {key: $collection}) ON CREATE SET k.chunks = 0
WITH k
UNWIND $chunks AS chunk
MERGE (c:HydraChunk {key: chunk.key})
  ON CREATE SET c.collection = $collection, c.id = chunk.id, c.is_new = true
SET c.counts = chunk.counts
WITH k, c, c.is_new AS is_new
REMOVE c.is_new
WITH k, count(is_new) AS added
SET k.chunks = k.chunks + added
"""
PUT_NAMES: Final = """
UNWIND $names AS name
MERGE (n:HydraName {key: name.key})
  ON CREATE SET n.collection = $collection, n.hash = name.hash, n.name = name.name, n.degree = 0, n.weight = 0
SET n.degree = n.degree + name.degree, n.weight = n.weight + name.weight
"""
PUT_EDGES: Final = """
UNWIND $edges AS edge
MATCH (c:HydraChunk {key: edge.chunk})
MATCH (n:HydraName {key: edge.name})
CREATE (c)-[:REFERS {weight: edge.weight, kinds: edge.kinds, said: edge.said}]->(n)
"""
DELETE_CHUNKS: Final = """
MATCH (k:HydraCollection {key: $collection})
MATCH (c:HydraChunk) WHERE c.key IN $chunks
DELETE c
WITH k, count(*) AS gone
SET k.chunks = k.chunks - gone
"""
DELETE_UNUSED_NAMES: Final = "MATCH (n:HydraName) WHERE n.key IN $names AND n.degree = 0 DELETE n"

CLEAR: Final = (
    "MATCH (c:HydraChunk {collection: $collection}) WITH c LIMIT $limit DETACH DELETE c RETURN count(*) AS gone",
    "MATCH (n:HydraName {collection: $collection}) WITH n LIMIT $limit DETACH DELETE n RETURN count(*) AS gone",
    "MATCH (k:HydraCollection {key: $collection}) WITH k LIMIT $limit DELETE k RETURN count(*) AS gone",
)

# --- reading

FREQUENCIES: Final = """
MATCH (k:HydraCollection {key: $collection})
OPTIONAL MATCH (n:HydraName) WHERE n.key IN $names
RETURN k.chunks AS total, collect([n.hash, n.degree]) AS names
"""
DEFINERS: Final = """
UNWIND $names AS key
MATCH (n:HydraName {key: key})
CALL (n) {
  MATCH (n)<-[r:REFERS]-(c:HydraChunk) WHERE 'defines' IN r.kinds
  RETURN c.id AS id ORDER BY id LIMIT $most
}
RETURN n.hash AS hash, collect(id) AS chunks
"""
REFERENCES: Final = """
MATCH (:HydraName {key: $name})<-[r:REFERS]-(c:HydraChunk) WHERE any(kind IN r.kinds WHERE kind IN $kinds)
RETURN c.id AS id, r.said AS said
"""
COUNTS: Final = """
MATCH (c:HydraChunk {collection: $collection})
UNWIND range(0, size(c.counts) - 1) AS kind
RETURN kind, sum(c.counts[kind]) AS count
"""
_SIZE = "CASE WHEN n.degree < $fan_out THEN n.degree ELSE $fan_out END"


def _chunks_of(names: str, limit: str) -> str:
    """The body of a subquery: chunks of the first of these names, no more than `limit` in all and no name in part."""
    return f"""
  UNWIND reduce(fit = {{sum: 0, names: []}}, n IN {names}[..{limit}] |
    CASE WHEN fit.sum + {_SIZE} <= {limit} THEN {{sum: fit.sum + {_SIZE}, names: fit.names + n}}
      ELSE {{sum: {limit}, names: fit.names}} END).names AS n
  CALL (n) {{ MATCH (n)<-[r:REFERS]-(c:HydraChunk) RETURN c ORDER BY r.weight DESC, c.id LIMIT $fan_out }}
"""


NEIGHBOURHOOD: Final = f"""
MATCH (k:HydraCollection {{key: $collection}})
WITH k.chunks AS total,
  CASE WHEN $hub_share * k.chunks > $hub_least THEN $hub_share * k.chunks ELSE toFloat($hub_least) END AS most
CALL (most) {{
  MATCH (n:HydraName) WHERE n.key IN $names AND n.degree <= most
  WITH n ORDER BY n.degree, n.hash
  RETURN collect(n) AS start
}}
CALL (start) {{ {_chunks_of("start", "$near_chunks")} RETURN collect(c) AS led }}
CALL () {{ MATCH (c:HydraChunk) WHERE c.key IN $seeds RETURN collect(c) AS seeds }}
CALL (led, seeds, most) {{
  UNWIND seeds + led AS c
  WITH DISTINCT c
  MATCH (c)-[:REFERS]->(n:HydraName) WHERE n.degree > 1 AND n.degree <= most
  RETURN collect(DISTINCT n) AS linked
}}
CALL (start, linked) {{
  UNWIND start + linked AS n
  WITH DISTINCT n ORDER BY n.degree, n.hash
  RETURN collect(n) AS names
}}
CALL (names) {{ {_chunks_of("names", "$far_edges")} RETURN collect(c) AS far }}
CALL (led, seeds, far, most) {{
  UNWIND seeds + led + far AS c
  WITH DISTINCT c
  CALL (c, most) {{
    MATCH (c)-[r:REFERS]->(n:HydraName) WHERE n.degree <= most AND (n.degree > 1 OR n.key IN $names)
    RETURN collect([n.hash, r.weight, n.degree]) AS links
  }}
  RETURN collect([c.id, links]) AS chunks
}}
RETURN total, [n IN names | [n.hash, n.weight]] AS names, chunks
"""
