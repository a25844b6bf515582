"""Run by Alembic for each command, on the connection and in the transaction of whoever asked (`server/migrations/__init__.py`)."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString


def in_plain_types(kind: str, thing: Any, autogenerate: Any) -> str | Literal[False]:
    """Steps name the database's own types: they have to mean the same when the program's types have long changed."""
    if kind == "type" and isinstance(thing, AutoString):
        return "sa.String()"
    if kind == "type" and isinstance(thing, TypeDecorator):
        return f"sa.{thing.impl_instance!r}"
    return False


def without_empty_steps(_: Any, __: Any, directives: list[Any]) -> None:
    if directives and directives[0].upgrade_ops.is_empty():
        directives.clear()
        print("The tables say nothing that the steps do not.")  # noqa: T201


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,  # SQLite too: the engine begins transactions itself
    render_as_batch=True,  # SQLite alters few things in place
    render_item=in_plain_types,
    process_revision_directives=without_empty_steps,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
