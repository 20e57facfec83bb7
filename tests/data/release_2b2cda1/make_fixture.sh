#!/bin/sh
# Makes home/, home.tar.gz and expected.json with the program of commit 2b2cda1 (0.1.0, schema 2, READING 3).
#
#   git clone REPOSITORY OLD && git -C OLD checkout 2b2cda1 && OLD/hydra config     # makes OLD/.venv
#   OLD=/path/to/OLD ./make_fixture.sh
#
# Paths in an index are absolute and chunk ids are made of them, so the tree is indexed at a fixed place.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
old=${OLD:?the clone at 2b2cda1, with .venv}
place=/tmp/hydragraph-fixture/tree
bin=$old/.venv/bin
[ "$(git -C "$old" rev-parse --short=7 HEAD)" = 2b2cda1 ]

rm -rf "$here/home" "$here/home.tar.gz" "$here/raw" /tmp/hydragraph-fixture
mkdir -p /tmp/hydragraph-fixture "$here/raw"
cp -R "$here/tree" "$place"
find "$place" -exec touch -d '2025-01-01T00:00:00Z' {} +   # search and index compare sizes and mtimes
sleep 3                                                    # a file that is younger than 2 s is never taken for unchanged

cd /tmp/hydragraph-fixture                                 # no hydragraph.yaml and no .env here: defaults
run() {
    env -i PATH="$PATH" HOME="${HOME:-/}" LC_ALL=C.UTF-8 \
        HYDRAGRAPH_HOME="$here/home" HYDRAGRAPH_OLLAMA__BASE_URL=http://127.0.0.1:9 "$@"
}

run "$bin/hydragraph" index "$place" --name old --json >"$here/raw/index.json"
# No model is reachable: port 9 (discard) is closed.
run "$bin/hydragraph" ask "How long does the retry policy wait before it tries again?" --name old --thread talk --json >"$here/raw/ask1.json"
run "$bin/hydragraph" ask "And which error says that it gave up?" --name old --thread talk --json >"$here/raw/ask2.json"
run "$bin/python" "$here/halfway.py" leave                  # thread old/halfway, interrupted before `generate`

# What the old program answers, in a copy: searching and resuming must not touch what is packed.
rm -rf "$here/raw/home" && cp -R --sparse=always "$here/home" "$here/raw/home"
asked() { run HYDRAGRAPH_HOME="$here/raw/home" "$@"; }
asked "$bin/python" "$here/record.py" "$here" "$bin/hydragraph" >"$here/expected.json"
rm -rf "$here/raw/home"

# Made files of the model (ONNX, 90 MB) are no data: they are made again from the weights' package.
# --sparse: the write-ahead log of Qdrant Edge is preallocated in segments of 32 MB.
tar --sparse --sort=name --mtime='2025-01-01T00:00:00Z' --owner=0 --group=0 --numeric-owner \
    --exclude=home/models -C "$here" -cf - home | gzip -9n >"$here/home.tar.gz"
ls -l "$here/home.tar.gz"
