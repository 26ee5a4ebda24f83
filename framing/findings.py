"""What a dry run has to tell: a table, a chart, and findings with what to do about each."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from framing.checking import Check
from framing.records import Problem

WIDTH = 100
"""Columns of a terminal that the table and the chart fit in."""

TABLE_OUTLETS = 30
"""Outlets with a line of their own: a screen; all of them are in coverage.csv."""

NAME_WIDTH = 28
STEPS = (1, 2, 5, 10, 20, 25, 50, 100)
"""Years that one column of the table may stand for; the smallest that fits is taken."""

THIN_CELL = 10
"""Articles below which a share says little: 95 % of samples of 10 lie within 0.31 of a share of 0.5 (normal
approximation of the binomial)."""

_BLOCKS = " ▏▎▍▌▋▊▉█"


def render_check(check: Check) -> Iterator[str]:
    """Yield the lines to print: a table of outlets and years, a chart, and findings with what to do about each."""
    yield f"{_many(len(check.articles), 'article')} in {_many(check.files, 'file')}"
    if len(check.missing("year")) < len(check.articles):
        step = _choose_step(check)
        yield from ("", *_render_table(check, step), "", *_render_chart(check, step))
    for finding in list_findings(check):
        yield ""
        yield from textwrap.wrap(
            _clean(finding), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )


def list_findings(check: Check) -> list[str]:
    """Return what is to be known of the corpus in plain sentences, each with what to do about it."""
    rules = (
        _find_skipped,
        _find_missing,
        _find_doubtful,
        _find_spellings,
        _find_copies,
        _find_agencies,
        _find_clutter,
        _find_languages,
        _find_thin_cells,
    )
    return [finding for rule in rules for finding in rule(check)]


def _render_table(check: Check, step: int) -> Iterator[str]:
    """Yield articles by outlet and period of `step` years, the outlets with most articles first."""
    totals = Counter(article.outlet for article in check.articles)
    named = sorted((name for name in totals if name is not None), key=lambda name: (-totals[name], name))
    shown, rest = named[:TABLE_OUTLETS], set[str | None](named[TABLE_OUTLETS:])
    rows: list[tuple[str, set[str | None]]] = [(name, {name}) for name in shown]
    if rest:
        rows.append((f"{len(rest)} more outlets", rest))
    if None in totals:
        rows.append(("(no outlet)", {None}))
    cells: Counter[tuple[str | None, int | None]] = Counter()
    for (outlet, year), articles in check.coverage.items():
        cells[outlet, year and year - year % step] += articles
    periods = [*_list_periods(check, step), None]
    heads = [*(_label(period, step) for period in periods), "all"]
    widths = [max(len(head), len(str(totals.total()))) + 1 for head in heads]
    yield _fit("outlet", NAME_WIDTH) + _line_up(heads, widths)
    for label, outlets in [*rows, ("all", set(totals))]:
        counts = [sum(cells[outlet, period] for outlet in outlets) for period in periods]
        yield _fit(label, NAME_WIDTH) + _line_up([str(count or "·") for count in [*counts, sum(counts)]], widths)


def _render_chart(check: Check, step: int) -> Iterator[str]:
    """Yield a bar for each period of `step` years."""
    totals = Counter(year - year % step for _, year in check.coverage.elements() if year is not None)
    room = WIDTH - 20
    for period in _list_periods(check, step):
        eighths = -(-totals[period] * room * 8 // max(totals.values()))
        bar = _BLOCKS[-1] * (eighths // 8) + _BLOCKS[eighths % 8].strip()
        yield f"{_label(period, step):<8}{totals[period]:>10}  {bar}".rstrip()


def _list_periods(check: Check, step: int) -> range:
    """Return the first years of all periods of `step` years that the corpus spans, none left out."""
    years = [article.year for article in check.articles if article.year is not None]
    return range(min(years) // step * step, max(years) + 1, step)


def _choose_step(check: Check) -> int:
    """Return the fewest years to a column with which the table fits."""
    digits = len(str(len(check.articles)))
    room = WIDTH - NAME_WIDTH - 2 * max(digits + 1, 8)
    fits = (each for each in STEPS if len(_list_periods(check, each)) * (max(len(_label(0, each)), digits) + 1) <= room)
    return next(fits, STEPS[-1])


def _label(period: int | None, step: int) -> str:
    if period is None:
        return "no date"
    return f"{period:04}" if step == 1 else f"{period:04}–{(period + step - 1) % 100:02}"


def _line_up(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _fit(text: str, width: int) -> str:
    """Return `text` cut or filled to `width` columns of a terminal, where East Asian letters take two."""
    clean, used = "", 0
    for sign in _clean(text):
        wide = 0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        if used + wide > width - 1:
            return clean + "…" + " " * (width - used - 1)
        clean, used = clean + sign, used + wide
    return clean + " " * (width - used)


def _clean(text: str) -> str:
    """Return `text` without signs that would steer the terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _find_skipped(check: Check) -> Iterator[str]:
    skipped = [problem for problem in check.problems if problem.skipped]
    for reason, first, count in _count_reasons(skipped):
        yield f"Skipped: {reason} ({count}). First: {first.message}"


def _find_missing(check: Check) -> Iterator[str]:
    remedies = {
        "outlet": 'they count for no outlet; say it with --pattern "{outlet}/{year}/{name}", --metadata or --map',
        "published": "they count for no year; say it with --pattern, --metadata or --map date=COLUMN",
        "title": "what stands above a headline is then told less well from the story; say it with --map or --metadata",
        "url": "outlet and date cannot be compared with it; say it with --map url=COLUMN where you have it",
    }
    for name, remedy in remedies.items():
        if without := check.missing(name):
            share = _percent(len(without), len(check.articles))
            what = "date" if name == "published" else name
            yield f"No {what} for {_many(len(without), 'article')} ({share}), first {without[0].article_id}: {remedy}."


def _find_doubtful(check: Check) -> Iterator[str]:
    doubtful = [problem for problem in check.problems if not problem.skipped]
    for reason, first, count in _count_reasons(doubtful):
        yield f"Doubtful: {reason} ({count}). First: {first.message}"


def _find_spellings(check: Check) -> Iterator[str]:
    if check.merges:
        merged = sorted(check.merges.items(), key=lambda item: (-sum(item[1].values()), item[0]))
        shown = "; ".join(f"{name} ({', '.join(sorted(spellings))})" for name, spellings in merged[:5])
        more = f" and {len(merged) - 5} more" if len(merged) > 5 else ""
        yield (
            f"Spellings: {_many(len(merged), 'outlet')} had others than the name used: {shown}{more}. "
            "Where that is wrong, give a table of your own with --outlets."
        )


def _find_copies(check: Check) -> Iterator[str]:
    if repeated := [article for article in check.articles if article.same_text_as]:
        yield (
            f"The very same text as an earlier article: {len(repeated)}, first {repeated[0].article_id} "
            f"(as {repeated[0].same_text_as}). See same_text_as in articles.csv; "
            "remove what was collected twice."
        )
    groups: dict[str, set[str | None]] = {}
    for article in check.articles:
        if article.copy_group:
            groups.setdefault(article.copy_group, set()).add(article.outlet)
    if groups:
        members = sum(article.copy_group is not None for article in check.articles)
        across = sum(len(outlets) > 1 for outlets in groups.values())
        yield (
            f"Copies: {members} articles ({_percent(members, len(check.articles))}) are copies of one another, in "
            f"{_many(len(groups), 'group')}, of which {across} span several outlets. Count each story once with "
            "`framing report --copies once`, or each outlet's own with --copies own."
        )


def _find_agencies(check: Check) -> Iterator[str]:
    if credited := [each.agency for each in check.articles if each.agency]:
        yield (
            f"Credited to an agency: {_many(len(credited), 'article')} ({_tell_counts(Counter(credited))}). "
            "Leave them out with `framing report --copies own`."
        )


def _find_clutter(check: Check) -> Iterator[str]:
    paragraphs, clutter = Counter[str | None](), Counter[str | None]()
    for article in check.articles:
        paragraphs[article.outlet] += article.paragraphs
        clutter[article.outlet] += article.clutter
    if clutter.total():
        often = sorted(clutter, key=lambda outlet: (-clutter[outlet], outlet or ""))[:3]
        worst = ", ".join(f"{each or '(no outlet)'} {_percent(clutter[each], paragraphs[each])}" for each in often)
        yield (
            f"Clutter: {clutter.total()} of {paragraphs.total()} paragraphs "
            f"({_percent(clutter.total(), paragraphs.total())}) are page furniture, repeated or without words, and "
            f"are dropped; most by number: {worst}. Where it is over half, read a few of the files; on web pages "
            "try --extract precision."
        )


def _find_languages(check: Check) -> Iterator[str]:
    told = Counter(article.language or "not told" for article in check.articles)
    if aside := check.set_aside:
        yield (
            f"Languages: {_tell_counts(told)}. Set aside as not in {', '.join(check.languages)}: "
            f"{_many(len(aside), 'article')}, first {aside[0].article_id}. Take more in with --languages."
        )
    elif len(told.keys() - {"not told"}) > 1:
        yield f"Languages: {_tell_counts(told)}. Choose those that the model was made for with --languages."


def _find_thin_cells(check: Check) -> Iterator[str]:
    cells = {cell: n for cell, n in check.coverage.items() if None not in cell}
    if thin := sum(n < THIN_CELL for n in cells.values()):
        yield (
            f"Thin: {thin} of {len(cells)} outlet-years have fewer than {THIN_CELL} articles, too few for a share. "
            "Collect more, or compare outlets over all years with --by outlet."
        )


def _count_reasons(problems: Sequence[Problem]) -> Iterator[tuple[str, Problem, int]]:
    """Yield each reason with its first problem and its number, the most frequent first."""
    for reason, count in Counter(problem.reason for problem in problems).most_common():
        yield reason, next(problem for problem in problems if problem.reason == reason), count


def _tell_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(6)) + (", …" if len(counts) > 6 else "")


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0%"
