"""The date in an article's address, against the one it was found to have."""

from __future__ import annotations

import re
from datetime import date, timedelta

from framing.records import Article, Problem

DAYS_FROM_URL = 7
"""Days between the date in a URL and that of the article: a paper prints within the week what its site ran."""

_URL_DATE = re.compile(
    r"/(?P<year>1[789]\d\d|20\d\d)[/-](?P<month>0?[1-9]|1[0-2])(?:[/-](?P<day>0?[1-9]|[12]\d|3[01]))?(?=[/-])"
)


def compare_with_url(article: Article) -> Problem | None:
    """Return a problem where the date in the URL is more than DAYS_FROM_URL from that of the article."""
    found = _URL_DATE.search(article.url[:2000]) if article.url and article.published else None
    if found is None:
        return None
    ours, theirs = _read_days(article.published or ""), _read_days("-".join(filter(None, found.groups())))
    if ours is None or theirs is None or max(ours[0] - theirs[1], theirs[0] - ours[1]).days <= DAYS_FROM_URL:
        return None
    message = (
        f"{article.article_id}: dated {article.published} ({article.published_source}), but its URL says "
        f'"{found.group().strip("/")}"; find out which is the day of publication, and say it with --metadata'
    )
    return Problem(article.path, "date contradicts the URL", message, skipped=False)


def _read_days(iso: str) -> tuple[date, date] | None:
    """Return the first and the last day that a date of any precision stands for; None where there is none such."""
    year, month, day = [int(part) for part in iso.split("-")] + [0] * (2 - iso.count("-"))
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first
    return first, (date(year, 12, 31) if not month else (first + timedelta(31)).replace(day=1) - timedelta(1))
