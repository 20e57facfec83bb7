"""What source code and documents refer to, in each language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hydragraph.domain import ReferenceKind
from hydragraph.retrieval.chunking.chunker import chunk_document
from hydragraph.retrieval.chunking.references_code import Unit, dotted
from hydragraph.retrieval.chunking.references_prose import resolve
from hydragraph.retrieval.reading.document import read_document

ROOT = Path("/r/proj")


class Words:
    """As many tokens as words, in a window that takes any of these files whole."""

    name = "words"
    dimension = 1
    max_tokens = 4000

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 1), dtype=np.float32)


def names(name: str, text: str, kind: ReferenceKind) -> set[str]:
    chunked = chunk_document(read_document(ROOT / name, text.encode(), ROOT), Words())
    return {reference.name for reference in chunked.references if reference.kind == kind}


PYTHON = '''
"""Module."""
import os.path as p, json
from ..errors import (A, B as C)
from . import walk
LIMIT = 3
@decorate(1)
class Foo(base.Bar, Generic[T], metaclass=Meta):
    x: int = 1
    async def run(self, a):
        local = 1
        return self.session.execute(a).all() + foo(x)(y)
def top():
    def inner(): pass
    return [f"{call()}" for _ in range(3)]
'''
JAVASCRIPT = """
import React, {useState as us} from "./lib/react.js";
import * as ns from 'fs';
const y = require("../y");
export { z } from "./z/index.js";
export default class Foo extends React.Component {
  static f = () => g();
  render() { return this.props.onClick(new Bar(1)); }
}
export const add = (a, b) => a + b;
exports.mul = function (a) { return a?.b.c() };
const limit = 3;
"""
TYPESCRIPT = """
import type {A} from "./types";
export interface Shape extends Base, Other<string> { area(): number }
abstract class Circle<T> extends Round<T> implements Shape, Thing { area(): number { return Math.round(1) } }
type Alias = string;
enum E { A }
namespace N { export function inside() {} }
export const C = ({a}) => <div onClick={() => a.b()}>{f(a)}</div>;
"""
GO = """
package d
import ("fmt"; h "net/http")
const Max = 3
type Server struct { Base; *http.Client; name string }
type Iface interface { Run() error }
func (s *Server) Start(a int) error { fmt.Println(s.name); go s.loop(); return nil }
func New[T any](x T) *Server { return build(x) }
"""
RUST = """
use std::collections::{HashMap, hash_map::{self, Entry as E}};
use crate::x::*;
pub struct P<T> { x: T }
impl<T: Clone> fmt::Display for P<T> { fn fmt(&self) -> R { write!(f, "{}", 1)?; Vec::<u8>::new(); self.helper() } }
trait Shape: Base + Debug { fn area(&self) -> f64; }
macro_rules! m { () => {} }
mod inner { fn deep() {} }
enum Kind { A }
"""
JAVA = """
package com.acme.app;
import java.util.List;
import static org.junit.Assert.*;
@Service
public class Foo<T> extends Base<T> implements Runnable, Comparable<Foo> {
  private final Bar bar = new Bar();
  public Foo() { super(); }
  @Override public void run() { bar.doIt(List.of(1)); helper(); }
  interface In extends X { void z(); }
  enum Color { RED }
}
record Point(int x) implements S {}
"""
C = """
#include <stdio.h>
#include "util/a.h"
#define MAX(a,b) ((a)>(b)?(a):(b))
typedef struct node { int x; struct node *next; } Node;
static int *find(Node *n, int k) { return lookup(n->next, k), n->ops->call(k); }
#ifdef X
int guarded(void) { return 1; }
#endif
"""
CPP = """
#include <vector>
namespace a::b {
template <typename T> class Foo : public Base<T>, private ns::Other {
  public: Foo(); virtual ~Foo() {} int get() const { return std::max(1, this->x()); } };
int Foo::bar(int x) { auto p = new Thing(1); return x; }
std::string& name() { return f<int>(1); }
}
"""
CASES: list[tuple[str, str, dict[ReferenceKind, set[str]]]] = [
    ("src/pkg/sub/a.py", PYTHON, {
        "defines": {"pkg.sub.a", "pkg.sub.a.Foo", "pkg.sub.a.Foo.run", "pkg.sub.a.LIMIT",
            "pkg.sub.a.top", "pkg.sub.a.top.inner"},
        "calls": {"all", "call", "decorate", "execute", "foo", "range", "self.session.execute"},
        "imports": {"json", "os.path", "pkg.errors", "pkg.errors.A", "pkg.errors.B", "pkg.sub", "pkg.sub.walk"},
        "inherits": {"base.Bar", "Generic"},
    }),
    ("src/b.js", JAVASCRIPT, {
        "defines": {"Foo", "Foo.f", "Foo.render", "add", "exports.mul", "proj/src/b"},
        "calls": {"Bar", "a.b.c", "c", "g", "onClick", "this.props.onClick"},
        "imports": {"React", "fs", "ns", "proj/src/lib/react", "proj/src/z", "proj/y", "useState", "z"},
        "inherits": {"React.Component"},
    }),
    ("src/c.tsx", TYPESCRIPT, {
        "defines": {"Alias", "C", "Circle", "Circle.area", "E", "N", "N.inside", "Shape", "Shape.area", "proj/src/c"},
        "calls": {"a.b", "b", "f", "Math.round", "round"},
        "imports": {"A", "proj/src/types"},
        "inherits": {"Base", "Other", "Round", "Shape", "Thing"},
    }),
    ("src/d.go", GO, {
        "defines": {"d.Iface", "d.Max", "d.New", "d.Server", "d.Server.Start", "proj/src/d"},
        "calls": {"Println", "fmt.Println", "loop", "s.loop", "build"},
        "imports": {"fmt", "net/http"},
        "inherits": {"Base", "http.Client"},
    }),
    ("src/e.rs", RUST, {
        "defines": {"P", "P.fmt", "Shape", "Shape.area", "inner", "inner.deep", "m", "Kind", "proj/src/e"},
        "calls": {"helper", "self.helper", "new", "Vec.new", "write"},
        "imports": {"crate.x", "std.collections.HashMap", "std.collections.hash_map", "std.collections.hash_map.Entry"},
        "inherits": {"Base", "Debug", "fmt.Display"},
    }),
    ("src/F.java", JAVA, {
        "defines": {f"com.acme.app.{name}" for name in ("Foo", "Foo.Foo", "Foo.run", "Foo.In", "Foo.In.z", "Foo.Color")}
        | {"com.acme.app.Point", "proj/src/F"},
        "calls": {"Bar", "List.of", "bar.doIt", "doIt", "helper", "of"},
        "imports": {"java.util.List", "org.junit.Assert"},
        "inherits": {"Base", "Comparable", "Runnable", "S", "X"},
    }),
    ("src/g.c", C, {
        "defines": {"MAX", "Node", "node", "find", "guarded", "proj/src/g"},
        "calls": {"call", "lookup", "n.ops.call"},
        "imports": {"stdio.h", "util/a.h"},
        "inherits": set(),
    }),
    ("src/h.cpp", CPP, {
        "defines": {"a.b", "a.b.Foo", "a.b.Foo.bar", "a.b.Foo.get", "a.b.Foo.~Foo", "a.b.name", "proj/src/h"},
        "calls": {"f", "max", "std.max", "this.x", "x", "Thing"},
        "imports": {"vector"},
        "inherits": {"Base", "ns.Other"},
    }),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_source_code(name: str, text: str, expected: dict[ReferenceKind, set[str]]) -> None:
    found = {kind: names(name, text, kind) for kind in expected}

    assert found == {**expected, "defines": expected["defines"] | {f"proj/{name}"}}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("a.b", "a.b"), ("a::b", "a.b"), ("a->b", "a.b"), ("a?.b", "a.b"), ("a\n  .b", "a.b"),
        ("Vec::<T>::new", "Vec.new"), ("List[int]", "List"), ("Map<K, List<V>>", "Map"), ("*Server", "Server"),
        ("f(x)", ""), ("", ""), ("a b", ""), ("x" * 201, ""), ("größe.höhe", "größe.höhe"), ("'text'", ""),
    ],
)  # fmt: skip
def test_names_are_dotted(written: str, name: str) -> None:
    assert dotted(written) == name


def test_the_module_of_a_file() -> None:
    assert Unit("flask-3/src/flask/app.py", "python").module == "flask.app"
    assert Unit("sqlalchemy/orm/__init__.py", "python").module == "sqlalchemy.orm"
    assert Unit("web/lib/index.ts", "typescript").module == "web/lib"
    assert Unit("web/lib/a.test.ts", "typescript").module == "web/lib/a.test"


MARKDOWN = """---
title: The Guide
---
# Install *it* {#install}

See [the API](../api/session.md#flush), [home](/README.md), [site](https://example.org/a?b=1#c), [top](#top),
![picture](a.png) and <https://example.net/x>. [mail](mailto:a@b.c) [[Wiki Page]]

[later]: other%20page.md "Title"

Call `Session.execute()` and `flush`.

Usage
-----
```python
[not](a-link.md) in https://code.example
```
"""
RST = """
=====
Guide
=====

Second
------

See `the site <https://example.org>`_, :doc:`other`, :doc:`that one <sub/page>` and :class:`~pkg.orm.Session`.

.. _docs: https://docs.example.org/x
.. include:: ../notes.txt
.. toctree::
   :maxdepth: 2

   intro
   The Title <deep/er>

Not an entry.
"""
HTML = """<html><head><title>The Page</title></head><body>
<h1>Deep &amp; wide</h1>
<p>See <a href="../b.html#x">b</a>, <a href="https://example.org/">site</a> and <a>nothing</a>.</p>
<h2>More <b>here</b></h2><p>Albert Einstein was there.</p>
</body></html>
"""


def test_markdown() -> None:
    assert names("docs/guide/a.md", MARKDOWN, "defines") == {
        "proj/docs/guide/a.md", "The Guide", "Install it", "Usage",
    }  # fmt: skip
    assert names("docs/guide/a.md", MARKDOWN, "links") == {
        "proj/docs/api/session.md", "proj/README.md", "https://example.org/a?b=1", "https://example.net/x",
        "proj/docs/guide/Wiki Page.md", "proj/docs/guide/other page.md",
    }  # fmt: skip
    assert {"session execute", "execute", "flush"} <= names("docs/guide/a.md", MARKDOWN, "mentions")


def test_restructured_text() -> None:
    assert names("docs/a.rst", RST, "defines") == {"proj/docs/a.rst", "Guide", "Second"}
    assert names("docs/a.rst", RST, "links") == {
        "https://example.org", "https://docs.example.org/x", "proj/docs/other.rst", "proj/docs/sub/page.rst",
        "proj/notes.txt", "proj/docs/intro.rst", "proj/docs/deep/er.rst",
    }  # fmt: skip
    assert {"orm session", "session"} <= names("docs/a.rst", RST, "mentions")


def test_html() -> None:
    assert names("web/a.html", HTML, "defines") == {"proj/web/a.html", "Deep & wide", "More here", "The Page"}
    assert names("web/a.html", HTML, "links") == {"proj/b.html", "https://example.org/"}
    assert "albert einstein" in names("web/a.html", HTML, "mentions")
    assert "body" not in names("web/a.html", HTML, "mentions")


def test_plain_text_is_defined_by_its_name_and_links_by_url() -> None:
    text = "Marie Curie won it twice, see https://example.org/curie.\n"

    assert names("Marie_Curie.txt", text, "defines") == {"proj/Marie_Curie.txt", "Marie Curie"}
    assert names("Marie_Curie.txt", text, "links") == {"https://example.org/curie"}
    assert "marie curie" in names("Marie_Curie.txt", text, "mentions")


@pytest.mark.parametrize(
    ("target", "resolved"),
    [
        ("b.md", "proj/docs/b.md"), ("./b.md#part", "proj/docs/b.md"), ("../../x.md", "x.md"),
        ("../../../x.md", ""), ("/b.md?raw=1", "proj/b.md"), ("#here", ""), ("javascript:void(0)", ""),
        ("http://a.b/#c", "http://a.b/"), ("", ""), (".", "proj/docs"), ("a" * 501, ""),
    ],
)  # fmt: skip
def test_targets_are_resolved_beside_the_document(target: str, resolved: str) -> None:
    assert resolve(target, "proj/docs/a.md") == resolved
