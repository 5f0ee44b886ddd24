"""What kind of message: one that asks, or one that holds what a question word asks for.

English only; in another language only the question mark tells.
"""

from __future__ import annotations

import re

_QUESTION_MARK = re.compile(r"\?[\"')\s]*(?:$|\s)")
_OPENS_QUESTION = re.compile(
    r"\W*(?:(?:so|and|but|ok|okay|well|hey|um|uh|oh|yeah|\w+[:,])\W+){0,3}"
    r"(?:what|who|whom|whose|when|where|why|how|which|is|are|was|were|do|does|did|can|could|will"
    r"|would|should|has|have|had|any|anyone|anybody)\b",
    re.IGNORECASE,
)
LONGEST_QUESTION_WORDS = 30
"""What opens like a question and is longer tells more than it asks."""


def is_question(text: str) -> bool:
    """Tell whether a message asks: it has a question mark, or opens as a short question."""
    if _QUESTION_MARK.search(text):
        return True
    return bool(_OPENS_QUESTION.match(text)) and len(text.split()) < LONGEST_QUESTION_WORDS


_QUESTION_WORD = re.compile(
    r"\b(?P<number>how\s+(?:many|much|long|old|often))|\b(?P<none>who|whom|whose)\b"
    r"|\b(?P<time>when|what\s+time)\b|\b(?P<place>where)\b|\b(?P<reason>why|how\s+come)\b"
    r"|\b(?P<any>how|what|which)\b",
    re.IGNORECASE,
)
_EXPECTED = {
    "number": re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred|thousand"
        r"|million|dozen|half|both|few|lot)\b",
        re.IGNORECASE,
    ),
    "time": re.compile(
        r"\d|\b(?:yesterday|today|tonight|tomorrow|morning|afternoon|evening|night|monday|tuesday"
        r"|wednesday|thursday|friday|saturday|sunday|weeks?|months?|years?|days?|hours?|minutes?"
        r"|ago|later|soon|when|until|before|after|now|christmas|birthday)\b",
        re.IGNORECASE,
    ),
    "place": re.compile(
        r"/\w+|\b(?:in|at|to|from|on|over|under|here|there|home|room|house|place|apartment|office"
        r"|restaurant|street|school|park|upstairs|downstairs|into|behind|inside|outside)\b",
        re.IGNORECASE,
    ),
    "reason": re.compile(
        r"\b(?:because|cause|cuz|since|so\s+that|reason|due\s+to|that's\s+why|just|to)\b",
        re.IGNORECASE,
    ),
}


def expected_answer(question: str) -> re.Pattern[str] | None:
    """Return what an answer to the question would hold; None where anything could be one."""
    match = _QUESTION_WORD.search(question)
    return _EXPECTED.get(match.lastgroup or "") if match else None
