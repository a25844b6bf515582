"""How a door is declared: a plain function that runs in a thread, because a database waits; an `async` one stays on the loop."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import litestar
from anyio import to_thread

Handler = Callable[..., Any]

AS_IT_IS = "sent_as_it_is"
"""The option of a door whose answer must not be zipped on its way: it is already, or it is a stream."""


def _door(method: Callable[..., Any], path: str, **options: Any) -> Callable[[Handler], Any]:
    def declare(handler: Handler) -> Any:
        return method(path, **options)(handler if inspect.iscoroutinefunction(handler) else in_thread(handler))

    return declare


def in_thread(handler: Handler) -> Handler:
    """Litestar's own `sync_to_thread` wraps a handler once more for each method its path has, and then answers a coroutine."""

    @wraps(handler)
    async def run(*args: Any, **kwargs: Any) -> Any:
        return await to_thread.run_sync(partial(handler, *args, **kwargs))

    return run


get = partial(_door, litestar.get)
post = partial(_door, litestar.post)
put = partial(_door, litestar.put)
patch = partial(_door, litestar.patch)
delete = partial(_door, litestar.delete, status_code=200)
head = partial(_door, litestar.head)
