"""Which expressions surely run: those of a statement that is come to, and the parts of an expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_DEFERRED = (3, 14)  # from which on nobody evaluates annotations (PEP 649)


def deferred(source: bytes, version: tuple[int, int]) -> bool:
    """Say whether a module's annotations are left alone."""
    return version >= _DEFERRED or b"from __future__ import annotations" in source


def of_statement(statement: ast.stmt, annotated: bool, local: bool = False) -> Iterator[ast.expr]:
    """Yield the expressions that surely run when a statement is come to, those of the statements inside it left out.

    `annotated`: annotations are evaluated; never those of names in a function (`local`).
    """
    match statement:
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            yield from statement.decorator_list
            yield from _defaults(args)
            if annotated:
                listed = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
                yield from [each.annotation for each in listed if each and each.annotation]
                yield from [statement.returns] if statement.returns else []
        case ast.ClassDef():
            yield from [*statement.decorator_list, *statement.bases, *(keyword.value for keyword in statement.keywords)]
        case ast.AnnAssign(annotation=annotation, value=value):
            yield from [value] if value else []
            yield from [annotation] if annotated and not local else []
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
            yield test
        case ast.For(iter=iterated) | ast.AsyncFor(iter=iterated):
            yield iterated
        case ast.With(items=[first, *_]) | ast.AsyncWith(items=[first, *_]):
            yield first.context_expr
        case ast.Match(subject=subject):
            yield subject
        case ast.Assign() | ast.AugAssign() | ast.Expr() | ast.Return() | ast.Raise():
            yield from (child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr))


def of_expression(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an expression that surely run with it."""
    match node:
        case ast.Lambda(args=args):
            yield from _defaults(args)
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            yield node.generators[0].iter
        case ast.IfExp(test=test):
            yield test
        case ast.BoolOp(values=[first, *_]):
            yield first
        case ast.Compare(left=left, comparators=[first, *_]):
            yield from (left, first)
        case ast.Call(func=func, args=args, keywords=keywords):
            yield from (func, *args, *(keyword.value for keyword in keywords))
        case _:
            yield from (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
