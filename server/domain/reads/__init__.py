"""What the desk reads. Each function takes the work and what was asked, keeps to what its actor may see, and writes nothing."""

from . import (
    cases,
    catalogue,
    differences,
    figures,
    fleet,
    losses,
    outbound,
    parcels,
    people,
    returns,
    search,
    session,
    stock,
    tasks,
    todo,
)

__all__ = ["cases", "catalogue", "differences", "figures", "fleet", "losses", "outbound", "parcels", "people", "returns", "search", "session", "stock",
           "tasks", "todo"]  # fmt: skip
