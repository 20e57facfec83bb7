"""A folder of files that break things: each ends with its own reason or its chunks, and nothing raises."""

from __future__ import annotations

import codecs
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfWriter

from hydragraph.retrieval.chunking.chunker import chunk_document
from hydragraph.retrieval.indexing.file_reader import concealed
from hydragraph.retrieval.reading.contents import read_contents, unwanted
from hydragraph.retrieval.reading.document import UnreadableError, read_document
from hydragraph.retrieval.reading.skipped import Skipped
from hydragraph.retrieval.reading.walk import Found, walk

INDEXED = "indexed"
WITHHELD = "withheld"
AWS_KEY = "AKIA" + "Z7QX4KJ2M5W9T3RB"
PRIVATE_KEY = "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n"
FUNCTION = "def area(side):\n    return side * side\n"


class WordEmbedder:
    """Four characters a token, two special tokens; a window as small as MiniLM's."""

    name = "words"
    dimension = 2
    max_tokens = 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + sum(-(-len(word) // 4) for word in text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 2), dtype=np.float32) / np.sqrt(2)


def outcomes(root: Path) -> dict[str, str]:
    """What becomes of each path below `root`: indexed, or why not."""
    embedder = WordEmbedder()
    found = {}
    for item in walk([root]):
        name = os.fsencode(item.path.relative_to(root)).decode("utf-8", "backslashreplace")
        found[name] = outcome(item, embedder) if isinstance(item, Found) else item.reason
    return found


def outcome(item: Found, embedder: WordEmbedder) -> str:
    contents = read_contents(item.path)
    if isinstance(contents, Skipped):
        return contents.reason
    skipped = unwanted(item.path, item.root, contents)
    if skipped:
        return skipped.reason
    try:
        document = concealed(read_document(item.path, contents, item.root))
    except UnreadableError as error:
        return error.reason
    chunked = chunk_document(document, embedder)
    if chunked.withheld and not chunked.chunks:
        return WITHHELD
    assert chunked.truncated == 0
    assert max(embedder.count_tokens([chunk.embedded_text for chunk in chunked.chunks])) <= embedder.max_tokens
    assert {reference.chunk_id for reference in chunked.references} <= {chunk.id for chunk in chunked.chunks}
    return INDEXED if chunked.chunks else "no chunks"


def pdf(*, password: str | None = None) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    if password is not None:
        writer.encrypt(password, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("module.py", FUNCTION)
    return buffer.getvalue()


def notebook(*cells: object) -> str:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(cells)})


TEXTS: dict[str, tuple[str, str]] = {
    "whitespace.py": (" \n\t\r\n \f\n", "empty"),
    "crlf.py": (FUNCTION.replace("\n", "\r\n"), INDEXED),
    "cr_only.py": (FUNCTION.replace("\n", "\r"), INDEXED),
    "mixed_ends.py": ("def a():\r\n    pass\n\rdef b():\n\r    pass\r", INDEXED),
    "no_last_newline.py": ("x = 1", INDEXED),
    "syntax_error.py": ("def broken(:\n  return ((\nclass\n" * 50, INDEXED),
    "only_comments.py": ("# nothing\n# at all\n", INDEXED),
    "form_feeds.py": ("\fimport os\n\f\n\fdef f():\n\f    pass\n", INDEXED),
    "nested_calls.py": ("x = " + "f(" * 3000 + ")" * 3000 + "\n", INDEXED),
    "nested_blocks.py": ("".join("\t" * depth + "if x:\n" for depth in range(300)) + "\t" * 300 + "pass\n", INDEXED),
    "nested_braces.c": ("int main(void) " + "{" * 5000 + "}" * 5000 + "\n", INDEXED),
    "nested_arrays.js": ("x = " + "[\n" * 3000 + "]\n" * 3000, INDEXED),
    "open_brackets.ts": ("([{" * 3000, INDEXED),
    "huge_function.py": ("def f():\n" + "".join(f"    value_{n} = compute({n})\n" for n in range(4000)), INDEXED),
    "long_name.go": ("package a\nfunc " + "N" * 50_000 + "() {}\n", INDEXED),
    "long_string.py": ('data = """' + "word " * 20_000 + '"""\n', INDEXED),
    "scripts.txt": ("😀😀 שלום עולם مرحبا 你好世界 e\u0301\u0301 \u200b\u200d\u2066 👨‍👩‍👧\n", INDEXED),
    "emoji.md": ("# 🚀\n\n" + "👩🏽‍🚀" * 2000 + "\n", INDEXED),
    "combining.txt": ("e" + "\u0301" * 20_000, INDEXED),
    "zero_width.txt": ("\u200b\u200b\n", INDEXED),
    "open_fence.md": ("# Title\n```python\n# not a heading\n" + "x = 1\n" * 2000, INDEXED),
    "open_tags.html": ("<html><body><p>one<div><p>two<table><tr><td>three<b", INDEXED),
    "open_comment.html": ("<p>seen</p><!-- never closed <p>unseen", INDEXED),
    "deep.html": ("<div>" * 20_000 + "deep" + "</div>" * 20_000, INDEXED),
    "angles.html": ("<" * 20_000 + "text", INDEXED),
    "scripts_only.html": ("<html><head><script>var a = 1;</script><style>p {}</style></head></html>", "no text"),
    "xml.xhtml": ('<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><p>text</p></html>', INDEXED),
    "broken.ipynb": ('{"cells": [', "broken"),
    "list.ipynb": ("[1, 2]", "broken"),
    "cells_no_list.ipynb": ('{"cells": {"source": "x"}}', "broken"),
    "no_source.ipynb": (notebook(1, None, {"cell_type": "code"}, {"source": {}}, {"source": [1, None]}), "empty"),
    "surrogate.ipynb": ('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\\u0000\'"}]}', INDEXED),
    "magics.ipynb": (
        notebook({"cell_type": "code", "source": ["%pip install x\n", "!ls\n", "def f(): pass"]}),
        INDEXED,
    ),
    "deep.ipynb": ('{"cells":' + "[" * 100_000 + "]" * 100_000 + "}", "too deep"),
    "deep.json": ("[" * 40_000 + "]" * 40_000, INDEXED),
    "not_a.pdf": ("This is no PDF at all.\n", "broken"),
    "big_data.csv": ("1,2,3\n" * 50_000, "over-large"),
    "line_20mb.txt": ("x" * 20_000_000, "over-large"),
    "long_line.txt": ("lorem ipsum dolor " * 20_000, INDEXED),
    "minified.js": ("function a(){return 1};" * 1000, "generated"),
    "app.min.js": ("function a(){return 1}\n", "generated"),
    "package-lock.json": ("{}\n", "generated"),
    "poetry.lock": ("# lock\n", "generated"),
    "api_pb2.py": ("x = 1\n", "generated"),
    "marked.go": ("// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n", "generated"),
    "node_modules/left/index.js": ("x\n", "vendored"),
    "__pycache__/a.txt": ("x\n", "cache"),
    "build/out.txt": ("x\n", "generated"),
    ".git/config": ("[core]\n", "version control"),
    "ignored.log": ("x\n", "ignored"),
    ".gitignore": ("*.log\n[z-a]\n!\n\\\n\udcff***\n", INDEXED),
    ".env": ("DEBUG=1\n", "secret"),
    ".env.production": ("DEBUG=1\n", "secret"),
    "id_rsa": (PRIVATE_KEY, "secret"),
    "settings.py": (f'AWS_ACCESS_KEY_ID = "{AWS_KEY}"\n', WITHHELD),
    "notes.md": (f"The key is\n\n{PRIVATE_KEY}", WITHHELD),
    "deploy": (PRIVATE_KEY, "secret"),
    "two\nlines\r.py": (FUNCTION, INDEXED),
    " leading and trailing .py ": (FUNCTION, INDEXED),
    "-rf.py": (FUNCTION, INDEXED),
    "n" * 240 + ".py": (FUNCTION, INDEXED),
    "/".join(["deep"] * 80) + "/a.py": (FUNCTION, INDEXED),
}
BYTES: dict[str, tuple[bytes, str]] = {
    "empty.py": (b"", "empty"),
    "bom_only.txt": (codecs.BOM_UTF8, "empty"),
    "bom.py": (codecs.BOM_UTF8 + FUNCTION.encode(), INDEXED),
    "utf16_le_bom.py": (codecs.BOM_UTF16_LE + FUNCTION.encode("utf-16-le"), INDEXED),
    "utf16_be_bom.py": (codecs.BOM_UTF16_BE + FUNCTION.encode("utf-16-be"), INDEXED),
    "utf16_le.txt": (FUNCTION.encode("utf-16-le"), INDEXED),
    "utf16_be.txt": (FUNCTION.encode("utf-16-be"), INDEXED),
    "utf16_cut.txt": (codecs.BOM_UTF16_LE + b"a\x00b", "not text"),
    "utf16_surrogate.txt": (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "not text"),
    "utf32.txt": (codecs.BOM_UTF32_LE + FUNCTION.encode("utf-32-le"), INDEXED),
    "latin1.py": ("# Größe und Höhe\nwidth = 1\n".encode("latin-1"), INDEXED),
    "one_bad_byte.md": (b"# Title\n\nfine \xff until here\n", INDEXED),
    "shift_jis.txt": ("これは日本語の文章です。".encode("shift_jis"), "not text"),
    "control.txt": (bytes(range(1, 32)) * 20, "binary"),
    "nul.py": (b"x = 1\x00\n", "binary"),
    "late_nul.py": (b"x = 1\n" * 5000 + b"\x00", "binary"),
    "zip.py": (zipped(), "binary"),
    "picture.md": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(64), "binary"),
    "pdf.txt": (pdf(), "binary"),
    "nul.html": (b"<p>one\x00two</p>", "binary"),
    "encrypted.pdf": (pdf(password="open sesame"), "encrypted"),
    "unlocked.pdf": (pdf(password=""), "no text"),
    "blank.pdf": (pdf(), "no text"),
    "cut.pdf": (pdf()[:60], "broken"),
    "empty.pdf": (b"", "empty"),
    "head.pdf": (b"%PDF-1.7\n", "broken"),
    "noise.pdf": (b"%PDF-1.7\n" + bytes(range(256)) * 20, "broken"),
    "zip.ipynb": (zipped(), "binary"),
}


def test_each_text_ends_with_its_reason(tmp_path: Path) -> None:
    for name, (text, _) in TEXTS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))

    found = outcomes(tmp_path)

    folded = {"node_modules": "vendored", "__pycache__": "cache", "build": "generated", ".git": "version control"}
    expected = {name: reason for name, (_, reason) in TEXTS.items() if name.split("/")[0] not in folded}
    assert found == {**expected, **folded}


def test_each_encoding_and_format_ends_with_its_reason(tmp_path: Path) -> None:
    for name, (data, _) in BYTES.items():
        (tmp_path / name).write_bytes(data)

    assert outcomes(tmp_path) == {name: reason for name, (_, reason) in BYTES.items()}
    assert len(BYTES) + len(TEXTS) >= 30


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "outside.py").write_text(FUNCTION)
    (root / "good.py").write_text(FUNCTION)
    (root / "loop").symlink_to(root / "loop")
    (root / "folder" / "up").symlink_to(root, target_is_directory=True)
    (root / "dangling.py").symlink_to(root / "nowhere.py")
    (root / "out.py").symlink_to(tmp_path / "outside.py")
    (root / "alias.py").symlink_to(root / "good.py")
    os.mkfifo(root / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    with listener:
        listener.bind(os.path.relpath(root / "socket"))
        assert outcomes(root) == {
            "good.py": INDEXED,
            "loop": "symlink loop",
            "folder/up": "symlink loop",
            "dangling.py": "dangling link",
            "out.py": "link out of root",
            "alias.py": "link within root",
            "pipe": "not a regular file",
            "socket": "not a regular file",
        }


def test_a_path_that_is_no_utf8_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(FUNCTION)
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.py")).write_text(FUNCTION)
    except OSError:
        pytest.skip("this file system refuses names that are not UTF-8")

    assert outcomes(tmp_path) == {"good.py": INDEXED, "bad\\xff.py": "path not UTF-8"}


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    """Root may read everything, so the walk runs as nobody."""
    (tmp_path / "open.py").write_text(FUNCTION)
    (tmp_path / "closed.py").write_text(FUNCTION)
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "inside.py").write_text(FUNCTION)
    (tmp_path / "closed.py").chmod(0)
    (tmp_path / "closed").chmod(0)
    reasons = outcomes(tmp_path) if os.geteuid() else walked_as_nobody(tmp_path)
    (tmp_path / "closed").chmod(0o755)

    assert reasons == {"open.py": INDEXED, "closed.py": "no permission", "closed": "no permission"}


def walked_as_nobody(root: Path) -> dict[str, str]:
    if shutil.which("setpriv") is None:
        pytest.skip("running as root, and setpriv is not there to drop its rights")
    for folder in (root, *root.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    program = textwrap.dedent("""
        import json, os, sys
        from pathlib import Path
        from hydragraph.retrieval.reading.contents import read_contents
        from hydragraph.retrieval.reading.walk import Found, walk
        opened = lambda item: read_contents(item.path) if isinstance(item, Found) else item
        [opened(item) for item in walk([Path(sys.argv[2])])]
        os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
        found = list(walk([Path(sys.argv[1])]))
        print(json.dumps({i.path.name: getattr(opened(i), "reason", "indexed") for i in found}))
    """)
    warm = root.parent / "warm"
    warm.mkdir(exist_ok=True)
    (warm / "a.py").write_text(FUNCTION)
    (warm / ".gitignore").write_text("x\n")
    command = [sys.executable, "-c", program, str(root), str(warm)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
