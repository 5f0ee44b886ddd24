"""The one place where a time without a zone is given one.

Everything else in the domain is aware and in UTC. Exports, the command line and
Discord users name a zone; the Python library takes a time without one as local.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from app.domain.errors import InvalidInput

FIRST_NOW, LAST_NOW = 1971, 2199
_FORMS = "2024-01-15, 2024-01-15 14:30, 2024-01-15T14:30:00Z or 2024-01-15T14:30:00+02:00"


def zone_named(name: str) -> tzinfo:
    """Return the zone of the IANA database with this name, ignoring case.

    Raises `InvalidInput` for a name that the database does not hold.
    """
    wanted = name.strip()
    try:
        return ZoneInfo(wanted)
    except (KeyError, ValueError, OSError) as error:  # OSError: "Europe" is a folder there
        for known in available_timezones():
            if known.casefold() == wanted.casefold():
                return ZoneInfo(known)
        raise InvalidInput(
            f"There is no time zone {name!r}; use a name like Europe/Berlin or UTC."
        ) from error


def as_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return `moment` in UTC; one without a zone is of `zone`, or local time for `None`.

    Where clocks are set back, an hour comes twice and `moment.fold` tells which is
    meant (0, the default: the first). Where they are set forward, a time that was
    skipped is read with the offset before the change, so 02:30 becomes 03:30.
    Raises `InvalidInput` for a moment outside the years 1 to 9999 of UTC.
    """
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError, OSError) as error:  # the last two: local time
        raise InvalidInput(f"{moment} lies outside the years that can be reckoned with.") from error


def parse_time(text: str, zone: tzinfo | None) -> datetime:
    """Read an ISO 8601 date or time and return it in UTC.

    An offset in the text wins over `zone`; a date alone is its midnight in `zone`.
    Any number of fraction digits is read and cut to microseconds. Raises
    `InvalidInput`, naming the text and the forms that are allowed.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _parse_leniently(text)
    return as_utc(moment, zone)


def parse_now(text: str, zone: tzinfo | None) -> datetime:
    """Read the time that somebody takes for now. Raises `InvalidInput`, also where it cannot be.

    A century to either side leaves room for every "ten years ago" there is.
    """
    moment = parse_time(text, zone)
    if not FIRST_NOW <= moment.year <= LAST_NOW:
        raise InvalidInput(
            f"{text.strip()!r} cannot be the time of asking: give one of the years {FIRST_NOW} to"
            f" {LAST_NOW}."
        )
    return moment


def _parse_leniently(text: str) -> datetime:
    """Read what people type: blanks around the text, a small t or z."""
    try:
        return datetime.fromisoformat(text.strip().upper())
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not a time that can be read; write {_FORMS}.") from error
