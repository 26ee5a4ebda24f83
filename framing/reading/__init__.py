"""Files to articles: every format, encoding and date that news collections come in."""

from framing.reading.articles import read_articles
from framing.reading.dates import ParsedDate, parse_date
from framing.reading.options import FIELDS, ReadingOptions, parse_map

__all__ = ["FIELDS", "ParsedDate", "ReadingOptions", "parse_date", "parse_map", "read_articles"]
