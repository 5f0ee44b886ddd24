"""Who is known from an export: authors by all names they bore, roles by those who bear them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from app.adapters.exports.fields import objects_at, snowflake, snowflake_or_none, text_at
from app.domain.cleaning import NAME_LIMIT_CHARS, clean_name
from app.domain.errors import InvalidInput
from app.domain.model import Author

if TYPE_CHECKING:
    from app.adapters.exports.fields import Json

_LIMIT = NAME_LIMIT_CHARS

PEOPLE_KEPT = 20_000
"""How many names are kept in mind, in some 10 MB; who writes again later is met anew."""


@define
class People:
    """Makes one author of everything that somebody wrote under the same names."""

    roles: dict[int, str] = field(factory=dict, init=False)
    """Names of the roles that people bore so far, by id."""
    _authors: dict[tuple[int, str, str, bool], Author] = field(factory=dict, init=False)

    def author(self, raw: object) -> Author:
        """Return the author that an object of the format describes; raises `InvalidInput`."""
        if not isinstance(raw, dict):
            raise InvalidInput("it has no author")
        author_id = snowflake(raw.get("id"), "its author")
        name, nickname = text_at(raw, "name", _LIMIT), text_at(raw, "nickname", _LIMIT)
        key = (author_id, name, nickname, raw.get("isBot") is True)
        known = self._authors.get(key)
        return known or self._meet(key, objects_at(raw, "roles"))

    def mentioned(self, message: Json) -> dict[int, str]:
        """Return what the people that a message mentions are called."""
        users = objects_at(message, "mentions")
        people = [self.author(user) for user in users if snowflake_or_none(user.get("id"))]
        return {person.id: person.display_name for person in people}

    def _meet(self, key: tuple[int, str, str, bool], roles: list[Json]) -> Author:
        author_id, raw_name, nickname, is_bot = key
        name = clean_name(raw_name) or str(author_id)
        author = Author(author_id, name, clean_name(nickname) or name, is_bot)
        for known in (self._authors, self.roles):
            if len(known) >= PEOPLE_KEPT:
                known.clear()
        self._authors[key] = author
        self.roles.update(
            (role_id, text_at(role, "name", _LIMIT))
            for role in roles
            if (role_id := snowflake_or_none(role.get("id")))
        )
        return author
