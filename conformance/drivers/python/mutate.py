"""Breaks the generated Python readers in one place at a time, and prints the cases that no broken reader decides wrongly.

Reads cases with their answers from standard input, one a line. Each must be decided wrongly by a mutant of its own contract's
reader: a case that no fault can turn red proves nothing.
"""

import ast
import copy
import importlib.util
import json
import signal
import sys
import types
from collections import defaultdict
from pathlib import Path

from driver import answer_by

SWAPPED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
# A mutant that does not come to an end is wrong as well.
SECONDS = 2


def mutations(node):
    """Yields functions that break the node, each in one way."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            if type(operator) in SWAPPED:
                yield lambda node, index=index: node.ops.__setitem__(index, SWAPPED[type(node.ops[index])]())
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPPED:
        yield lambda node: setattr(node, "op", SWAPPED[type(node.op)]())
    elif isinstance(node, ast.If | ast.IfExp):
        yield lambda node: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield lambda node: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield lambda node: setattr(node, "value", node.value + 1)
        yield lambda node: setattr(node, "value", node.value - 1)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield lambda node: setattr(node, "value", ast.Constant(None))


def mutants(tree):
    """Yields broken copies of the tree."""
    for index, node in enumerate(ast.walk(tree)):
        for mutate in mutations(node):
            broken = copy.deepcopy(tree)
            mutate(next(node for at, node in enumerate(ast.walk(broken)) if at == index))
            yield ast.fix_missing_locations(broken)


def loaded(tree, name):
    """Returns the mutant as a module, or nothing where it cannot even be imported."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(tree, name, "exec"), module.__dict__)
    except Exception:
        return None
    return module


def is_wrong(reader, case):
    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        return answer_by(reader, case) != case["answer"]
    except Exception:
        return True
    finally:
        signal.alarm(0)


def survivors(name, cases):
    """Returns the cases of one contract that every mutant decides as the reader itself."""
    source = Path(importlib.util.find_spec(name).origin).read_text()
    for tree in mutants(ast.parse(source)):
        if not cases:
            break
        reader = loaded(tree, name)
        # One that cannot be imported says nothing about a case.
        if reader is not None:
            cases = [case for case in cases if not is_wrong(reader, case)]
    return cases


by_contract = defaultdict(list)
for line in sys.stdin:
    case = json.loads(line)
    by_contract[case["contract"]].append(case)
for contract, cases in by_contract.items():
    for case in survivors(f"c{contract}", cases):
        print(case["name"])
