"""Making an answer fit where it is shown."""

TRUNCATION_MARK = "*[Response truncated]*"


def truncate_reply(text: str, limit_chars: int) -> str:
    """Cut `text` to at most `limit_chars` characters, at a sentence or word where one is near.

    A cut text ends with `TRUNCATION_MARK` on a line of its own (or as much of the mark
    as the limit allows).
    """
    if len(text) <= limit_chars:
        return text
    mark = f"\n\n{TRUNCATION_MARK}"
    room = limit_chars - len(mark)
    if room <= 0:
        return TRUNCATION_MARK[: max(0, limit_chars)]
    return cut_text(text, room) + mark


def cut_text(text: str, limit_chars: int) -> str:
    """Cut `text` to at most `limit_chars` characters, after a sentence or else between words.

    A boundary counts when it keeps at least half of the room; else the cut is hard.
    """
    if len(text) <= limit_chars:
        return text
    head = text[: max(0, limit_chars)]
    for boundary in ("\n", ". ", "! ", "? ", "。", " "):
        at = head.rfind(boundary)
        if at + 1 > limit_chars // 2:
            return head[: at + 1].rstrip()
    return head
