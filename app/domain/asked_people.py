"""Whose messages a question asks for, and what it asks of them.

"What did Ana say?" may be answered by others, so a search takes Ana as a wish (`mentions`).
Where messages are counted, or the person's own words are to be told from others', it must
be known who Ana is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.mentions import Role
from app.domain.understanding import spellings
from app.domain.wording import flat

if TYPE_CHECKING:
    from app.domain.mentions import Mention
    from app.domain.model import Author, Question, Scope
    from app.domain.searching import Findings
    from app.ports.storage import MessageArchive


@frozen
class AskedOf:
    """The people whose messages are asked for, none where nobody is named.

    `text` is the question without the words that name them. Not `is_clear` where a name
    means nobody of the scope, or several.
    """

    text: str
    authors: tuple[Author, ...] = ()
    is_clear: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """What the people are called."""
        return tuple(flat(author.display_name) for author in self.authors)

    def narrow(self, scope: Scope) -> Scope:
        """Return the part of a scope that these people wrote, all of it where nobody is named."""
        return scope.by(author.id for author in self.authors) if self.authors else scope

    def only_theirs(self, findings: Findings) -> Findings:
        """Return what was found without what others wrote and what stands around it."""
        if not self.authors:
            return findings
        ids = {author.id for author in self.authors}
        theirs = [found for found in findings.found if found.message.author.id in ids]
        return evolve(findings, found=tuple(evolve(found, around=None) for found in theirs))


async def asked_of(archive: MessageArchive, question: Question, findings: Findings) -> AskedOf:
    """Look up in the question's scope whose messages it asks for."""
    reading, understood = findings.reading, findings.understood
    authors = {author.id: author for author in understood.authors}
    resolved: list[Mention] = []
    is_clear = True
    for mention in reading.mentions:
        if mention.role is not Role.BY or mention in understood.resolved:
            continue
        named: list[Author] = []
        for name in spellings(mention, question):
            named = named or await archive.authors_named(name, question.scope)
        authors |= {author.id: author for author in named}
        resolved.append(mention)
        is_clear = is_clear and len(named) == 1
    return AskedOf(reading.without(*resolved), tuple(authors.values()), is_clear)
