"""Who is known from an export: authors by all names they bore, roles by those who bear them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from app.adapters.exports.fields import name_at, objects_at, snowflake, snowflake_or_none, text_at
from app.domain.cleaning import clean_name
from app.domain.errors import InvalidInput
from app.domain.model import Author

if TYPE_CHECKING:
    from app.adapters.exports.fields import Json

_PEOPLE_KEPT = 20_000


@define
class People:
    """Makes one author of everything that somebody wrote under the same names."""

    roles: dict[int, str] = field(factory=dict, init=False)
    _authors: dict[tuple[object, ...], Author] = field(factory=dict, init=False)

    def author(self, raw: object) -> Author:
        """Return the author that an object of the format describes; raises `InvalidInput`."""
        if not isinstance(raw, dict):
            raise InvalidInput("it has no author")
        author_id, is_bot = snowflake(raw.get("id"), "its author"), raw.get("isBot") is True
        key = (author_id, text_at(raw, "name"), text_at(raw, "nickname"), is_bot)
        known = self._authors.get(key)
        if known is not None:
            return known
        return self._meet(key, raw)

    def mentioned(self, message: Json) -> dict[int, str]:
        """Return what the people that a message mentions are called."""
        people = [each for each in objects_at(message, "mentions") if _has_id(each)]
        return {person.id: person.display_name for person in map(self.author, people)}

    def _meet(self, key: tuple[object, ...], raw: Json) -> Author:
        if len(self._authors) >= _PEOPLE_KEPT:
            self._authors.clear()
        author_id = snowflake(raw["id"], "its author")
        name = name_at(raw, "name", author_id)
        display_name = clean_name(text_at(raw, "nickname")) or name
        author = Author(author_id, name, display_name, is_bot=raw.get("isBot") is True)
        self._authors[key] = author
        for role in objects_at(raw, "roles"):
            role_id = snowflake_or_none(role.get("id"))
            if role_id is not None:
                self.roles[role_id] = text_at(role, "name")
        return author


def _has_id(user: Json) -> bool:
    return snowflake_or_none(user.get("id")) is not None
