"""How this package changes moto: by operations that moto lacks, and by finishing what its own methods have made."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def operations(response: type, inventory: tuple[type, tuple[str, ...]] | None = None) -> Callable[[type], type]:
    """Gives `response`, a service of moto, the decorated class's functions; each is named after an operation of the service.

    `inventory` names a backend and the tables that it must have for them.
    """

    def add(extension: type) -> type:
        for name, function in vars(extension).items():
            if callable(function):
                setattr(response, name, function)
        return extension

    if inventory is not None:
        backend, tables = inventory
        _add_tables(backend, tables)
    return add


def after(owner: type, method: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Calls the decorated function after `method` of `owner`, with `self`, the result and the arguments by name."""

    def replace(finish: Callable[..., None]) -> Callable[..., None]:
        original = getattr(owner, method)
        signature = inspect.signature(original)

        @functools.wraps(original)
        def both(self: Any, *positional: Any, **named: Any) -> Any:
            result = original(self, *positional, **named)
            arguments = signature.bind(self, *positional, **named).arguments
            finish(self, result, {**arguments, **arguments.get("kwargs", {})})
            return result

        setattr(owner, method, both)
        return finish

    return replace


def _add_tables(backend: type, tables: tuple[str, ...]) -> None:
    """In the constructor, so that a new backend has them and the inventory can compare with it."""

    @after(backend, "__init__")
    def create(self: Any, _result: None, _named: dict[str, Any]) -> None:
        for table in tables:
            setattr(self, table, {})
