"""Reads cases from standard input, one a line, and prints the answer of each reader."""

import dataclasses
import importlib
import json
import sys
from datetime import timedelta
from pathlib import Path


def printed(value):
    if value is None:
        return None
    if isinstance(value, tuple):
        return [printed(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return str(value // timedelta(milliseconds=1))
    if isinstance(value, float):
        return repr(value)
    if hasattr(value, "expose"):
        if "********" not in repr(value) or not str(value) == f"{value}" == "********":
            raise TypeError("a secret prints itself")
        return value.expose()
    return str(value)


def answer_by(reader, case):
    directory = case["directory"]
    try:
        settings = reader.load(directory and Path(directory), case["environment"])
    except reader.ConfigError as error:
        if str(error) != "\n".join(error.problems):
            raise ValueError("the error does not name every problem") from error
        return {"ok": False, "problems": list(error.problems)}
    fields = dataclasses.fields(settings)
    return {"ok": True, "values": [printed(getattr(settings, field.name)) for field in fields]}


def answer(case):
    return answer_by(importlib.import_module(f"c{case['contract']}"), case)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))
