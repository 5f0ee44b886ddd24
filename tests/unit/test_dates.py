"""Which words of a question name a time, and which only look like it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.dates import find_window
from app.domain.times import FIRST_NOW, LAST_NOW

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2024, 4, 17, 15, 30, tzinfo=BERLIN)  # a Wednesday


def local(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC) if text else None


WINDOWS = [
    # days
    ("What happened yesterday?", "2024-04-16", "2024-04-17"),
    ("yesterday's standup notes", "2024-04-16", "2024-04-17"),
    ("summarize yesterday’s discussion", "2024-04-16", "2024-04-17"),
    ("What did Ana say today?", "2024-04-17", "2024-04-18"),
    ("summary of today", "2024-04-17", "2024-04-18"),
    ("what was decided earlier today?", "2024-04-17", "2024-04-18"),
    ("what did I miss the day before yesterday", "2024-04-15", "2024-04-16"),
    ("what did Tom write yesterday morning?", "2024-04-16T04:00", "2024-04-16T12:00"),
    ("who was online yesterday evening?", "2024-04-16T17:00", "2024-04-17"),
    ("What happened last night?", "2024-04-16T18:00", "2024-04-17T06:00"),
    ("what went wrong late last night", "2024-04-16T18:00", "2024-04-17T06:00"),
    ("What did we discuss this morning?", "2024-04-17T04:00", "2024-04-17T12:00"),
    ("any messages from early this morning?", "2024-04-17T04:00", "2024-04-17T12:00"),
    ("what was posted this afternoon", "2024-04-17T12:00", "2024-04-17T18:00"),
    # weekdays
    ("What was said last Friday about the budget?", "2024-04-12", "2024-04-13"),
    ("what was said last wednesday?", "2024-04-10", "2024-04-11"),
    ("what did we decide on Monday?", "2024-04-15", "2024-04-16"),
    ("What did Ana say on Friday night?", "2024-04-12T18:00", "2024-04-13T06:00"),
    ("What has changed since Monday?", "2024-04-15", None),
    ("Monday's meeting notes", "2024-04-15", "2024-04-16"),
    ("what was discussed in Tuesday's call?", "2024-04-16", "2024-04-17"),
    ("who spoke at the meeting last Thurs?", "2024-04-11", "2024-04-12"),
    ("what was decided Thursday?", "2024-04-11", "2024-04-12"),
    ("what was posted between Monday and Tuesday?", "2024-04-15", "2024-04-17"),
    ("what was discussed from Friday to Sunday", "2024-04-12", "2024-04-15"),
    ("what did they say on Friday last week?", "2024-04-12", "2024-04-13"),
    ("what did Ben say last week on Tuesday", "2024-04-09", "2024-04-10"),
    ("What happened over the weekend?", "2024-04-13", "2024-04-15"),
    ("what did I miss last weekend", "2024-04-13", "2024-04-15"),
    # weeks, months, quarters, years
    ("What did we talk about last week?", "2024-04-08", "2024-04-15"),
    ("recap of last week please", "2024-04-08", "2024-04-15"),
    ("What has been discussed this week?", "2024-04-15", "2024-04-22"),
    ("what was decided earlier this week", "2024-04-15", "2024-04-22"),
    ("python errors last week", "2024-04-08", "2024-04-15"),
    ("messages from last month about hosting", "2024-03-01", "2024-04-01"),
    ("who joined last month?", "2024-03-01", "2024-04-01"),
    ("what did we plan this month", "2024-04-01", "2024-05-01"),
    ("what was the theme of last year's jam?", "2023-01-01", "2024-01-01"),
    ("what was announced this year?", "2024-01-01", "2025-01-01"),
    ("how did we do last quarter?", "2024-01-01", "2024-04-01"),
    ("what did we ship in Q1 2024?", "2024-01-01", "2024-04-01"),
    ("what was said the previous week", "2024-04-08", "2024-04-15"),
    # months and years by name
    ("What did we decide in March?", "2024-03-01", "2024-04-01"),
    ("what was discussed in May?", "2023-05-01", "2023-06-01"),
    ("What was discussed in may about pricing", "2023-05-01", "2023-06-01"),
    ("what happened last March", "2024-03-01", "2024-04-01"),
    ("what happened last April?", "2023-04-01", "2023-05-01"),
    ("What was released in March 2023?", "2023-03-01", "2023-04-01"),
    ("posts from Feb 2024 about taxes", "2024-02-01", "2024-03-01"),
    ("what was said since January?", "2024-01-01", None),
    ("what did people say during December about the event", "2023-12-01", "2024-01-01"),
    ("what was discussed from November to February?", "2023-11-01", "2024-03-01"),
    ("what did we do in 2022?", "2022-01-01", "2023-01-01"),
    ("everything that was said between 2020 and 2022", "2020-01-01", "2023-01-01"),
    ("what was discussed in 2024-02?", "2024-02-01", "2024-03-01"),
    ("what was discussed in the first week of March", "2024-03-01", "2024-03-08"),
    ("what was discussed in the last week of March 2023", "2023-03-25", "2023-04-01"),
    # dates
    ("What was said on 29 March 2024 about product cost?", "2024-03-29", "2024-03-30"),
    ("What was said on March 29, 2024?", "2024-03-29", "2024-03-30"),
    ("what was posted on the 29th of March", "2024-03-29", "2024-03-30"),
    ("what did Ana say on 5 May", "2023-05-05", "2023-05-06"),
    ("what did Ana say on May 5th?", "2023-05-05", "2023-05-06"),
    ("what was decided on March 5", "2024-03-05", "2024-03-06"),
    ("messages from 2024-03-29", "2024-03-29", "2024-03-30"),
    ("what happened on 2024/03/29?", "2024-03-29", "2024-03-30"),
    ("what was said on 2024-03-29T10:00:00Z", "2024-03-29", "2024-03-30"),
    ("what was said on 29.03.2024?", "2024-03-29", "2024-03-30"),
    ("what was said on 29/03/2024?", "2024-03-29", "2024-03-30"),
    ("what was said on 03/29/2024?", "2024-03-29", "2024-03-30"),
    ("What was said in the week of 1 April 2024 about funding?", "2024-04-01", "2024-04-08"),
    ("what was said in the week of March 6?", "2024-03-04", "2024-03-11"),
    ("what was discussed between 3 and 5 May?", "2023-05-03", "2023-05-06"),
    ("what was discussed between March 3 and March 5?", "2024-03-03", "2024-03-06"),
    ("what was discussed from 28 February 2024 to 2 March 2024?", "2024-02-28", "2024-03-03"),
    ("what was discussed March 3-5, 2024?", "2024-03-03", "2024-03-06"),
    ("what changed between 2024-03-01 and 2024-03-10", "2024-03-01", "2024-03-11"),
    # with a direction
    ("what was said since 1 April 2024?", "2024-04-01", None),
    ("what was said before 1 April 2024", None, "2024-04-01"),
    ("what was said after 1 April 2024?", "2024-04-02", None),
    ("what was discussed until March 2024?", None, "2024-04-01"),
    ("what did Ana say before yesterday", None, "2024-04-16"),
    ("what has happened since yesterday?", "2024-04-16", None),
    ("what was decided after Friday's release?", "2024-04-12", None),
    ("what was discussed from March 2024 onwards?", "2024-03-01", None),
    ("messages older than 2023-06-01 about moderation", None, "2023-06-01"),
    ("what was said at the end of March 2024?", "2024-03-21", "2024-04-01"),
    # ago, past
    ("what did Ana say 3 days ago?", "2024-04-14", "2024-04-15"),
    ("what was discussed two weeks ago?", "2024-04-01", "2024-04-08"),
    ("who asked about docker a month ago", "2024-03-01", "2024-04-01"),
    ("what was announced a couple of days ago?", "2024-04-13", "2024-04-17"),
    ("what was said more than a year ago about rust?", None, "2024-01-01"),
    ("what was discussed in the past two weeks?", "2024-04-03", None),
    ("what did people say in the last week about rust", "2024-04-10", None),
    ("what was posted over the last 30 days", "2024-03-18", None),
    ("what has been discussed in the last few days?", "2024-04-09", None),
    ("discussion of the past month", "2024-03-17", None),
    ("what did I miss in the last 24 hours?", "2024-04-16T15:30", None),
    ("what was posted in the last hour?", "2024-04-17T14:30", None),
    ("what did Ana say two hours ago", "2024-04-17T12:30", "2024-04-17T14:30"),
    # the window in another place of the sentence
    ("Yesterday, what did Ana say about the server?", "2024-04-16", "2024-04-17"),
    ("Hi! Can you summarize what was said yesterday in #dev?", "2024-04-16", "2024-04-17"),
    ("I want to know what Ana wrote last week", "2024-04-08", "2024-04-15"),
    ("what did I ask yesterday?", "2024-04-16", "2024-04-17"),
    ("Mr. Smith asked something yesterday, what was it?", "2024-04-16", "2024-04-17"),
]


@pytest.mark.parametrize(("question", "after", "before"), WINDOWS)
def test_a_named_time_becomes_a_window(
    question: str, after: str | None, before: str | None
) -> None:
    dated = find_window(question, NOW, BERLIN)
    assert dated is not None
    start, end = dated.window.after, dated.window.before
    assert (start, end) == (local(after), local(before))


NO_TIME = [
    # numbers and versions
    "how to update to ubuntu 6.06 ?",
    "is 8.04 better than 7.10?",
    "Did the 'top' program get replaced from ubuntu 10 to 14?",
    "does anyone run 16.10 with xfs?",
    "upgrade from 12.04 to 14.04",
    "why does python 3.11 fail?",
    "what is in release 2024.3.1?",
    "which one is the 2.6.17-10-generic kernel?",
    "should I use Windows 2000?",
    "office 2019 or 2021?",
    "what is RFC 2024?",
    "who has more than 2023 points?",
    "the 2019-20 allocations",
    "what is error 404?",
    "is it open 24/7?",
    "what happened on 9/11?",
    "is 3/4/2024 in the format?",
    "what does chmod 755 do?",
    "which port, 2022 or 2222?",
    "backup_2024-03-29.tar.gz is corrupt, why?",
    "where is log-2024-03-29.txt?",
    "open http://example.com/2024/03/29/post",
    "can we meet at 5?",
    "is the call at 10 or 11?",
    "is 800x600 the maximum?",
    "how do I get 1 ext3 partition back?",
    "what costs 2020 dollars?",
    "Who won 3-5?",
    "take 2-3 apples",
    "what is 29.3?",
    "does 1.2.2024.5 work?",
    # words that are also months and days
    "may I ask something?",
    "What may happen if I delete it?",
    "the top 3 may be wrong",
    "ports 3 and 5 may be closed",
    "In may cases it fails, why?",
    "who may join?",
    "they march through the city",
    "who will march 5 miles?",
    "on the march to Rome",
    "what did April say about the release?",
    "who is June?",
    "Does August know the rules?",
    "what is a Mar file?",
    "how to set the second in the sec field?",
    "is the sun out?",
    "who sat on the chair?",
    "when does Black Friday start?",
    "is Casual Friday still a thing?",
    "who likes Friday the 13th?",
    "who watches Wednesday?",
    "how to wed two tables?",
    "what is Cyber Monday?",
    "did anybody see Saturday Night Live?",
    "we meet on Mondays, right?",
    "do we meet every Friday?",
    # last, past, this without a time
    "what was the last message?",
    "What is the last step?",
    "who was last seen?",
    "at the last minute, what changed?",
    "when was the last server event?",
    "what was the last version?",
    "who went past the gate?",
    "recounting past meetings",
    "what is this about?",
    "is this the right channel?",
    "what was the last year of the war?",
    "the last two of them",
    "what does last do in bash?",
    "does past tense matter?",
    # vague, or no date at all
    "what was said before the update?",
    "what did we decide since the release?",
    "what happened after the meeting?",
    "what did Ana say recently?",
    "what's the latest news?",
    "long ago, what was it?",
    "what is a day in the life of a mod?",
    "how many days until release?",
    "how long does a week last?",
    "which week is it?",
    "how do months work in cron?",
    "what is the year of the dragon?",
    "in today's world, is it safe?",
    "who discussed part-time student funding?",
    # what lies ahead
    "what will happen tomorrow?",
    "what is planned for next week?",
    "who is coming tonight?",
    "are you going to the party on Friday?",
    "is there a meeting on Monday?",
    "when is the deadline in May?",
    "will we meet this week?",
    "Where was the baby chick going to be taken today?",
    "what is due by Friday?",
    "tickets for March?",
    "what is the plan for this month?",
    "is the event on 25 December 2024?",
    "what happens in December?",
    # the asker's own story
    "I installed it yesterday, any ideas?",
    "it broke yesterday",
    "i asked this morning about the cd, do i have to choose server?",
    "Yesterday I could get to the channel. Today it tells me invitation only. anyone know why?",
    "So has anybody used phpvirtualbox? i installed ubuntu server yesterday, but i fail",
    "is anyone elses laptop spinning down since updating in the last few days?",
    "my sound stopped working last week, how do I fix it?",
    "why can't I log in after upgrading yesterday?",
    "We moved house last month and the router is dead. How do I reset it?",
    "I have been trying for 3 days, what can I do?",
    "My laptop is two years old, is it enough?",
    "Anyone had problems since kernel upgrade this morning?",
    "Yesterday, the paper reported on fraud. Is that correct, yes or no?",
    "In April, the minister stated there was enough. Why was it given away?",
]


@pytest.mark.parametrize("question", NO_TIME)
def test_what_only_looks_like_a_time_names_none(question: str) -> None:
    assert find_window(question, NOW, BERLIN) is None


TEXTS = [
    ("What was said on 29 March 2024 about product cost?", "What was said about product cost?"),
    ("Yesterday, what did Ana say?", "what did Ana say?"),
    ("What was said in the week of 1 April 2024 about funding?", "What was said about funding?"),
    ("summarize yesterday's discussion", "summarize discussion"),
    ("what has been discussed since Monday?", "what has been discussed?"),
    ("what was discussed between 3 and 5 May about taxes?", "what was discussed about taxes?"),
    ("what did Ana say on Friday, last week, about tea?", "what did Ana say about tea?"),
    ("who asked about docker a month ago", "who asked about docker"),
    ("python errors from the past two weeks", "python errors"),
    ("what was discussed from March 2024 onwards?", "what was discussed?"),
]


@pytest.mark.parametrize(("question", "text"), TEXTS)
def test_the_words_that_named_the_time_leave_the_text(question: str, text: str) -> None:
    dated = find_window(question, NOW, BERLIN)
    assert dated is not None
    assert dated.text == text


def test_the_same_instant_is_another_day_elsewhere() -> None:
    asked = datetime(2024, 4, 17, 23, 30, tzinfo=UTC)
    tokyo = find_window("what happened yesterday?", asked, ZoneInfo("Asia/Tokyo"))
    honolulu = find_window("what happened yesterday?", asked, ZoneInfo("Pacific/Honolulu"))
    assert tokyo
    assert honolulu
    assert tokyo.window.after == datetime(2024, 4, 16, 15, tzinfo=UTC)
    assert honolulu.window.after == datetime(2024, 4, 16, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "zone", "hours"),
    [
        ("2024-04-01T12:00", "Europe/Berlin", 23),  # clocks went forward on 31 March
        ("2024-10-28T12:00", "Europe/Berlin", 25),
        ("2024-03-11T12:00", "America/New_York", 23),
        ("2024-11-04T12:00", "America/New_York", 25),
        ("2018-11-05T12:00", "America/Sao_Paulo", 23),  # there is no midnight on that day
        ("2018-02-18T12:00", "America/Sao_Paulo", 25),
        ("2024-10-07T12:00", "Australia/Lord_Howe", 23.5),
    ],
)
def test_yesterday_is_as_long_as_the_clocks_made_it(asked: str, zone: str, hours: float) -> None:
    place = ZoneInfo(zone)
    dated = find_window(
        "what happened yesterday?", datetime.fromisoformat(asked).replace(tzinfo=place), place
    )
    assert dated
    assert dated.window.after
    assert dated.window.before
    assert dated.window.before - dated.window.after == timedelta(hours=hours)


def test_a_window_over_a_change_of_the_clocks_begins_and_ends_at_local_midnights() -> None:
    asked = datetime(2024, 4, 1, 9, tzinfo=BERLIN)
    dated = find_window("what was said last week?", asked, BERLIN)
    assert dated
    assert dated.window.after == datetime(2024, 3, 24, 23, tzinfo=UTC)
    assert dated.window.before == datetime(2024, 3, 31, 22, tzinfo=UTC)


def test_yesterday_on_the_first_of_march_of_a_leap_year() -> None:
    dated = find_window("what happened yesterday?", datetime(2024, 3, 1, tzinfo=UTC), UTC)
    assert dated
    assert dated.window.after == datetime(2024, 2, 29, tzinfo=UTC)


def test_a_day_that_does_not_exist_names_no_time() -> None:
    assert find_window("what was said on 31 April 2024?", NOW, BERLIN) is None
    assert find_window("what was said on 2024-02-30?", NOW, BERLIN) is None
    assert find_window("what was said on 29 February 2023?", NOW, BERLIN) is None


def test_the_last_29_february_is_found_without_a_year() -> None:
    dated = find_window("what was said on 29 February?", datetime(2027, 5, 1, tzinfo=UTC), UTC)
    assert dated
    assert dated.window.after == datetime(2024, 2, 29, tzinfo=UTC)


_WORDS = """
since before after until from to between and on in the last this past next week month year weekend
day days ago 3 12 31 999 2 2024 2023 1999 march may may, 29 5th friday monday's yesterday today
night morning of early end couple few what did ana say ? . , week of 2024-03-29 29.03.2024 q1 i my
"""


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=12).map(" ".join))
def test_no_question_is_an_error_and_no_window_is_empty_or_ahead(question: str) -> None:
    dated = find_window(question, NOW, BERLIN)
    if dated:
        after, before = dated.window.after, dated.window.before
        assert after or before
        assert after is None or after <= NOW
        assert after is None or before is None or after < before


@given(
    st.text() | st.sampled_from(["what was said yesterday?", "who said it in the last 3 years?"]),
    st.datetimes(datetime(FIRST_NOW, 1, 1), datetime(LAST_NOW, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_text_can_be_read_at_any_time(question: str, now: datetime) -> None:
    dated = find_window(question, now, BERLIN)
    assert dated is None or (dated.window.after or now) <= now
