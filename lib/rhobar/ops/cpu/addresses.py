"""Numbers at addresses: blocks of a result are many arrays, which a loop cannot take one by one."""

from __future__ import annotations

from typing import Any

from numba.core import types

from .compilation import emitted


@emitted
def read(typing_context: Any, kind: Any, address: Any, index: Any) -> Any:
    """The number ``index`` of the array at ``address``, of the type of the array ``kind``."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        element = context.get_value_type(signature.args[0].dtype)
        start = builder.inttoptr(args[1], element.as_pointer())
        return builder.load(builder.gep(start, [args[2]]))

    return kind.dtype(kind, address, index), generate


@emitted
def write(typing_context: Any, kind: Any, address: Any, index: Any, value: Any) -> Any:
    """Set the number ``index`` of the array at ``address``, of the type of the array ``kind``."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        element = context.get_value_type(signature.args[0].dtype)
        start = builder.inttoptr(args[1], element.as_pointer())
        builder.store(args[3], builder.gep(start, [args[2]]))
        return context.get_dummy_value()

    return types.void(kind, address, index, value), generate
