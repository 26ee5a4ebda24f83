"""Rich Text Format: the text of a document, in one pass over its groups and control words.

The structure relied on is Microsoft's Rich Text Format Specification 1.9.1: groups in braces inherit what is set
before them; `\\*` marks destinations that a reader may skip; `\\ansicpg` and the font's `\\fcharset` tell the code
page of bytes such as `\\'e9`; `\\u233?` is a character of Unicode followed by `\\uc` substitutes. Read here and not
by striprtf 0.0.35, whose patterns need minutes for 8 kB of unclosed font table and put the address of every link
into the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from framing.reading.archives import identify_bytes, note_mismatch
from framing.reading.drafts import Draft, Source
from framing.reading.nexis import PAGE_BREAK, draft_document
from framing.reading.options import ReadingOptions
from framing.records import Problem

LARGEST_RTF = 200_000_000
"""Bytes; an export of 1,000 articles has about ten million, pictures in hexadecimal digits a few times that."""

_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,9})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<sign>[\s\S])"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\"
)
_SIGNS = {
    **{"par": "\n\n", "line": "\n", "row": "\n\n", "cell": "\n\n", "nestcell": "\n\n", "tab": "\t"},
    **{"page": f"\n\n{PAGE_BREAK}\n\n", "sect": f"\n\n{PAGE_BREAK}\n\n"},
    **{"emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022", "emspace": "\u2003", "enspace": "\u2002"},
    **{"lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d"},
    **{"~": "\u00a0", "_": "-", "\\": "\\", "{": "{", "}": "}", "\n": "\n\n", "\r": "\n\n"},
}
_NO_TEXT = frozenset(
    re.findall(
        r"\w+",
        "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf "
        "footnote annotation filetbl listtable revtbl themedata datastore latentstyles fldinst xe tc private template "
        "nonshppict listtext pntext bkmkstart bkmkend",
    )
)
"""Destinations that hold no text of the document, in a group marked by `\\*` or not."""

_HIDDEN = frozenset(("v", "deleted"))
_CODE_PAGES = {
    **{0: "cp1252", 2: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5"},
    **{161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251"},
    **{222: "cp874", 238: "cp1250", 255: "cp850"},
}
"""Code page by `\\fcharset` (specification, "Font Table")."""


def read_rtf(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read the articles of an export in RTF, or the one article that any other document is."""
    data = source.file.read_bytes()
    found = identify_bytes(data)
    if found != "RTF":
        yield note_mismatch(source, found, "RTF")
        return
    if len(data) > LARGEST_RTF:
        message = f"{source.path}: {len(data):,} bytes, expected at most {LARGEST_RTF:,}; save it as plain text"
        yield Problem(source.path, "file too large", message)
        return
    text, whole = extract_rtf(data)
    if not whole:
        message = f"{source.path}: the document ends within a group, so its end may be missing; download it again"
        yield Problem(source.path, "truncated file", message, skipped=False)
    yield from draft_document(text.split("\n"), source, options)


def extract_rtf(data: bytes) -> tuple[str, bool]:
    """Return the text of a document, blank lines between paragraphs, and whether all its groups are closed."""
    scan = _Scan(data.decode("latin-1"))
    scan.read_all()
    # pairs of \\u make one character beyond the first 65,536
    text = "".join(scan.parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text, not scan.outer


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits: whether its text counts, its code page, and the substitutes after `\\u`."""

    skipped: bool = False
    hidden: bool = False
    code_page: str = "cp1252"
    substitutes: int = 1
    fonts: bool = False


@dataclass
class _Scan:
    """One pass over a document: the state, those of the groups around it, and the text so far."""

    source: str
    state: _State = field(default_factory=_State)
    outer: list[_State] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    font_pages: dict[int, str] = field(default_factory=dict)
    font: int = 0
    to_skip: int = 0
    page: str = "cp1252"

    def read_all(self) -> None:
        """Read tokens to the end; bytes of `\\bin` are stepped over."""
        position = 0
        while found := _TOKEN.match(self.source, position):
            position = found.end()
            if found["word"] == "bin":
                position += max(0, int(found["number"] or 0))
            elif found["text"] is not None or found["hex"]:
                self._read_bytes(found)
            elif found["brace"] or found["word"] or found["sign"]:
                self._flush()
                self._read_control(found)
        self._flush()

    def _read_bytes(self, found: re.Match[str]) -> None:
        read = bytes((int(found["hex"], 16),)) if found["hex"] else found["text"].encode("latin-1")
        read, self.to_skip = read[self.to_skip :], max(0, self.to_skip - len(read))
        if not (self.state.skipped or self.state.hidden):
            self.pending += read

    def _flush(self) -> None:
        """Decode the bytes since the last control word; characters of two bytes are whole only together."""
        if self.pending:
            self.parts.append(self.pending.decode(self.state.code_page, "replace"))
            self.pending.clear()

    def _add(self, text: str) -> None:
        if not (self.state.skipped or self.state.hidden):
            self.parts.append(text)

    def _read_control(self, found: re.Match[str]) -> None:
        # an escaped sign may be the substitute; control words and braces end what is to be skipped
        substitute, self.to_skip = self.to_skip > 0, max(0, self.to_skip - 1) if found["sign"] else 0
        if found["brace"] == "{":
            self.outer.append(self.state)
        elif found["brace"]:
            self.state = self.outer.pop() if self.outer else self.state
        elif found["sign"] == "*":
            self.state = replace(self.state, skipped=True)
        elif found["sign"] and not substitute:
            self._add(_SIGNS.get(found["sign"], ""))
        elif found["word"]:
            number = int(found["number"]) if found["number"] else None
            self._read_word(found["word"], number)

    def _read_word(self, word: str, number: int | None) -> None:
        if word == "u" and number is not None:
            self._add(chr(number % 65536))
            self.to_skip = self.state.substitutes
        elif word in _SIGNS:
            self._add(_SIGNS[word])
        elif word in _NO_TEXT:
            self.state = replace(self.state, skipped=True, fonts=word == "fonttbl")
        elif word in _HIDDEN:
            self.state = replace(self.state, hidden=number != 0)
        elif word == "plain":
            self.state = replace(self.state, hidden=False)
        elif number is not None:
            self._set_number(word, number)

    def _set_number(self, word: str, number: int) -> None:
        """Set what control words with a number say of code pages and substitutes."""
        if word == "uc":
            self.state = replace(self.state, substitutes=max(0, number))
        elif word == "ansicpg":
            self.page = _known_page(f"cp{number}") or self.page
            self.state = replace(self.state, code_page=self.page)
        elif word == "f" and self.state.fonts:
            self.font = number
        elif word == "f":
            self.state = replace(self.state, code_page=self.font_pages.get(number, self.page))
        elif word == "fcharset" and self.state.fonts:
            # 0 and 1 stand for the document's own code page
            self.font_pages[self.font] = _CODE_PAGES.get(number, self.page) if number > 1 else self.page


def _known_page(name: str) -> str | None:
    try:
        return "".encode(name).decode(name) or name
    except LookupError:
        return None
