"""People who do not want to be kept, known by keyed hashes of their ids alone."""

from __future__ import annotations

import hmac
import secrets as randomness
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from app.adapters.sql.schema import opt_outs, secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_KEY = "opt-out"
_KEY_BYTES = 32


def opted_out(connection: Connection, author_ids: Iterable[int]) -> set[int]:
    """Return which of these people do not want to be kept."""
    digests = set(connection.execute(select(opt_outs.c.digest)).scalars())
    if not digests:
        return set()
    key = _key(connection)
    return {author_id for author_id in author_ids if _digest(key, author_id) in digests}


def opt_out(connection: Connection, author_id: int) -> None:
    """Remember that a person does not want to be kept."""
    if not opted_out(connection, [author_id]):
        connection.execute(insert(opt_outs), {"digest": _digest(_key(connection), author_id)})


def opt_in(connection: Connection, author_id: int) -> bool:
    """Forget that a person did not want to be kept; false when they never said so."""
    if not opted_out(connection, [author_id]):
        return False
    digest = _digest(_key(connection), author_id)
    connection.execute(delete(opt_outs).where(opt_outs.c.digest == digest))
    return True


def _digest(key: bytes, author_id: int) -> bytes:
    return hmac.digest(key, str(author_id).encode(), "sha256")


def _key(connection: Connection) -> bytes:
    """Return the archive's own key, made when it is first needed."""
    key = connection.execute(select(secrets.c.value).where(secrets.c.name == _KEY)).scalar()
    if key is None:
        key = randomness.token_bytes(_KEY_BYTES)
        connection.execute(insert(secrets), {"name": _KEY, "value": key})
    return key
