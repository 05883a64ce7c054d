"""`templates/bootstrap.json`: what of `bootstrap.py` travels in a platform's documents, for each kind of datastore.

Without words for readers and for type checkers, and without what is never called for the kind; then packed. Like every golden
file it is rewritten by `make golden`, and fails when it is stale: then the program that it unpacks to is another one.
"""

from __future__ import annotations

import ast
import base64
import json
import zlib
from collections.abc import Iterator

import pytest
from conftest import ROOT

from flowc.runtime import contract
from flowc.templates import bootstrap_command

SOURCE = ROOT / "templates" / "bootstrap.py"
PACKED = ROOT / "templates" / "bootstrap.json"
KINDS = ("s3", "az", "gs")
LIMIT = 8000
"""Characters: all that AWS Batch takes as the overrides of a job is 8,192."""


class _Bare(ast.NodeTransformer):
    """Leaves out docstrings, annotations, and what is there for type checkers."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        arguments = node.args
        for one in (*arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if one is not None:
                one.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign:
        assert node.value is not None
        return ast.Assign([node.target], node.value)

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node

    def visit_If(self, node: ast.If) -> ast.If | None:
        self.generic_visit(node)
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if node.module in {"__future__", "typing"} else node


def program(kind: str) -> str:
    """The program for one kind of datastore, as text that this Python would write for it."""
    tree = _Bare().visit(ast.parse(SOURCE.read_text(encoding="utf-8")))
    (kinds,) = (node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "kinds")
    assert isinstance(kinds, ast.Dict)
    at = [key.value for key in kinds.keys if isinstance(key, ast.Constant)].index(kind)
    kinds.keys, kinds.values = [kinds.keys[at]], [kinds.values[at]]
    while True:
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        left = [statement for statement in tree.body if used.issuperset(defined(statement))]
        if len(left) == len(tree.body):
            lines = ast.unparse(ast.fix_missing_locations(tree)).splitlines()
            return "".join(f"{' ' * ((len(line) - len(line.lstrip())) // 4)}{line.lstrip()}\n" for line in lines)
        tree.body = left


def defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            yield name


def unpacked(text: str) -> str:
    return zlib.decompress(base64.b64decode(text)).decode()


def test_it_is_what_the_source_says(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        texts = {kind: base64.b64encode(zlib.compress(program(kind).encode(), 9)).decode() for kind in KINDS}
        known = json.loads(PACKED.read_text(encoding="utf-8")) if PACKED.exists() else {}
        if {kind: unpacked(text) for kind, text in known.items()} != {kind: unpacked(text) for kind, text in texts.items()}:
            PACKED.write_text(json.dumps(texts, indent=1) + "\n", encoding="utf-8")
    packed = json.loads(PACKED.read_text(encoding="utf-8"))
    for kind in KINDS:
        # Trees, since each Python and each zlib writes the same program in its own way.
        assert ast.dump(ast.parse(unpacked(packed[kind]))) == ast.dump(ast.parse(program(kind))), "run `make golden`"


@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_into_a_document(kind: str) -> None:
    command = bootstrap_command(f"{kind}://bucket/prefix")
    assert command[:2] == ("python3", "-c")
    assert len(command[2]) < LIMIT
    # What Argo, Step Functions and shells expand; what YAML and JSON need not quote.
    assert not set(command[2]) & set("{}$\\`'\n")


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_too_old_can_read_it(kind: str) -> None:
    text = unpacked(json.loads(PACKED.read_text(encoding="utf-8"))[kind])
    ast.parse(text, feature_version=(3, 8))
    assert "__future__" not in text


def test_it_says_the_same_names_as_the_contract() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    for name in (contract.DATASTORE, contract.CODE, contract.PACKAGE, contract.CODE_IN_IMAGE):
        assert f'"{name}"' in text
