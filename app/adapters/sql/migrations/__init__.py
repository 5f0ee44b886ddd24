"""How a database comes to have the tables of `schema`: Alembic's migrations, run on opening."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from app.adapters.sql.schema import HEAD
from app.domain.errors import ArchiveTooNew, ArchiveUnavailable

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection


def is_current(connection: Connection) -> bool:
    """Tell whether the database has the tables of `schema`, changing nothing.

    Raises `ArchiveTooNew` where a newer program wrote it, and `ArchiveUnavailable` where
    another program's tables are in it.
    """
    found = _revision(connection)
    if found in {None, HEAD}:
        return found == HEAD

    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(configure()).walk_revisions()
    if found not in {script.revision for script in scripts}:
        raise ArchiveTooNew(
            f"The archive {connection.engine.url.database} was written by a newer version of this "
            "program: install that version, or give another data directory."
        )
    return False


def upgrade(connection: Connection) -> None:
    """Bring the database up to date within the open transaction."""
    from alembic import command

    configuration = configure()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def configure() -> Config:
    """Return Alembic's configuration; it needs no file."""
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def _revision(connection: Connection) -> str | None:
    """Return the migration that the database stands at, `None` for an empty one."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise ArchiveUnavailable(
            f"The database {connection.engine.url.database} holds another program's tables: "
            "give another data directory."
        )
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None
