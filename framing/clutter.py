"""Page furniture told by its structure: captions, links, appeals and whatever stands among them.

Every rule here is meant to be right nearly always; what a rule leaves, the classifier's boilerplate head
sees next. A rule about the line alone is one more pattern in a table below; a rule about where a line
stands is a function of the second half.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

MAX_FURNITURE_WORDS = 70
"""Words above which no pattern is tried: the longest coded paragraph that one marks has 65."""

STORY_WORDS = 15
"""Words from which a paragraph that ends like a sentence is story again after a heading of links."""

HEADING_WORDS = 10
"""Words up to which a line may be the heading of links or of an appeal."""

HEADLINE_WORDS = 25
"""Words up to which a line without a final full stop may be the headline of a linked article."""

SUBHEADING_WORDS = 5
"""Words up to which the last line before the story resumes is taken for its subheading, not for a link."""

CAPITAL_LINK_WORDS = 8
"""Words from which a line in capitals is a linked headline; coded subheadings in capitals have up to six."""

MENU_ENTRY_WORDS = 3
"""Words up to which a line may be an entry of a menu."""

TITLE_LINES = 30
"""Paragraphs among which the title is looked for; a page's menus rarely have more lines above it."""

_NETWORKS = r"(?:facebook|twitter|whats ?app|linked-?in|telegram|pinterest|reddit|tumblr|instagram|bluesky)"
_SHARING = rf"(?:{_NETWORKS}|share|tweet|post|e-?mail|print|copy link)"
_AGENCY = r"(?:AP|AFP|Reuters|REUTERS|EPA|UPI|PA|NPR|Getty(?: Images)?|Landov|Bloomberg|Shutterstock|Alamy)"
_NAME = r"[A-Z][\w'.-]*(?: (?:de|van|von|bin|al|la|der)\b)*"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? "
_DATE = (
    rf"(?:{_DAY})?(?:\d\d?(?:st|nd|rd|th)? {_MONTH},? \d{{4}}|{_MONTH} \d\d?,? \d{{4}}|\d{{4}}-\d\d-\d\d"
    r"|\d\d?/\d\d?/\d{4})"
)
_TIME = rf"(?:{_DATE}|\d\d?[:.]\d\d\b|\d ?[ap]\.?m\b)"

# In all tables the text is normalised (straight quotation marks, single spaces) and without its bullet.

# The whole line, upper and lower case alike.
_WHOLE_LINES = (
    # adverts and breaks in the page
    r"ad|adverts?:?|advertisements?:?|advertising|sponsored(?: content)?:?|promoted(?: stories| content)?:?",
    r"(?:story |article )?continue[sd]? (?:reading )?(?:below|after)(?: (?:this )?ad\w*)?",
    r"continue reading\b.{0,25}|\[pull ?quote\]|\[?embed\]?",
    # sharing
    r"click to (?:share|print|tweet|e-?mail)\b.{0,60}|.{3,40} \(opens in (?:a )?new window\)",
    rf"share(?: this(?: article| story| page)?)?:? ?(?:{_SHARING} ?)*|(?:{_SHARING}[ |,·/]*){{2,}}",
    r"link copied!?|copy (?:this )?(?:link|code)\b.{0,50}",
    # navigation; a breadcrumb is words between angle brackets
    r"skip to .{1,40}|back to top|(?:main |primary |site )?(?:menu|navigation)",
    r"toggle .{1,30}|loading\b.{0,20}",
    r"(?:sign|log) ?(?:in|up|out)|register|subscribe(?: now)?|support sign-?up|cancel|close|search|previous",
    r"(?:view |show |hide )?(?:all |\d+ )?comments?(?: \(?\d+\)?)?",
    r"\w[^<>»›.!?\"]{0,30}(?: [>»›] \w[^<>»›.!?\"]{0,40}){1,6}",
    # dates of publication; a heading after the time ("Update at 1 p.m. Second Arrest") is content
    rf"(?:published|updated?|posted|first published|last (?:updated|modified))\b.{{0,30}}{_TIME}"
    r"(?!.*[.:] [a-z]{3,} [a-z])[^?!\"]{0,60}(?<![?!:\"])",
    r"\(?(?:this|the) (?:post|story|article) was (?:last |first )?(?:updated|published) .{0,40}",
    # pointers elsewhere
    r"you (?:may|might) (?:also |want |like |to |be )+(?:watch|read|like|see|interested in)\b.{0,10}",
    r"(?:read|see|watch) (?:more|also)(?: here)?\W*|more on this(?: story| topic)?\W*|more:",
    r"\W*now playing:.*",
    r"watch(?: the)? (?:latest )?(?:video|live|below|above|here)\b.{0,40}|watch:|.{10,120} read more",
    r"read more (?:on|about|from)\b[^.]{0,80}|.*\bclick here\b[^.]{0,40}",
    r"(?:see|watch|read|listen to)(?: more)?\b.{3,100} (?:below|here)[:.]?",
    r"\(? ?(?:see also|read(?: more| next)?|related(?: coverage| story| stories| articles?)?|photos|video"
    r"|watch|(?:full|special) coverage|in pictures|more from [^:]{1,40}|earlier|gallery|latest|story"
    r"|transcript) ?: ?.*(?:[^.]|U\.S\.)",
    # errors and machinery
    r"post was not sent\b.*|email check failed\b.*|sorry, your (?:blog|browser)\b.*",
    r"please (?:enable|turn on) .*",
    r"(?:an )?error (?:has )?occurred\b.*|this (?:video|content) (?:is not|cannot be|isn't|is no longer)\b.*",
    r"(?:we|this (?:site|website|page)) uses? cookies\b.*|(?:accept|manage|reject) (?:all )?cookies",
    # who publishes
    r"(?:image )?copyright\W+(?:©|\(c\)|\d{4}|getty|reuters|afp|ap\b|pa\b|epa).*|(?:©|\(c\)) ?\d{4}.{0,120}",
    r".*\ball rights reserved\b.*|.*\b(?:company|registration|registered) (?:number|no\.?):? \w*\d{4,}.*",
    r"registered (?:office|in england)\b.*|(?:(?:terms|privacy|cookies?|contact)\b[^.]{0,25}[|·•] ?)+.*",
    # comment forms
    r"leave a (?:reply|comment)|post a comment|your email address will not be published\b.*",
    r"(?:required fields are marked|\* (?:denotes|indicates) (?:a )?required)\b.*|save my name, email\b.*",
)

# Anywhere in a line that quotes nobody, upper and lower case alike: the outlet asks for something.
_APPEALS = (
    r"\bplease consider (?:support|subscrib|donat|mak|becom|contribut)ing\b|\bsupport our journalism\b",
    r"\bsign(?:ing)? up (?:for|to|here|today)\b.{0,60}\b(?:newsletters?|inbox|alerts|updates|briefings?)\b",
    r"\bsign up for .{0,30}daily\b|\bmanage newsletters\b|^newsletters?\b|^sign up (?:here|now|today|to)\b",
    r"\bsubscribe to (?:our|the|get)\b.{0,60}\b(?:newsletter|podcast|channel|edition|magazine)\b",
    r"\bbecome a (?:founding )?(?:member|supporter|subscriber)\b|\bprotected by recaptcha\b",
    r"\byour (?:financial )?(?:contributions?|donations?) (?:is|are|will)\b|\byour (?:e-?mail )?inbox\b",
    r"\bto help keep this (?:news|site|story) free\b|^(?:vote now|share your thoughts)\b|\bvote here\b",
    r"^(?:please )?(?:donate|follow us|like us|join the conversation|have (?:you )?got a (?:story|tip))\b",
    r"\b(?:follow|like) (?:us|him|her|them|me) (?:on|at) (?:@|twitter|facebook|instagram|x\b)",
)

# Anywhere in the line, upper and lower case alike: where the text comes from and who wrote it.
_ORIGINS = (
    r"^(?:this|the) (?:article|story|piece|column|post|essay|report)\b.{0,40} (?:originally|first|previously)"
    r" (?:appeared|published|ran)\b",
    r"^(?:this|the) (?:article|story|piece|column|post|essay) (?:is republished|is reprinted|tagged under)\b",
    r"\bcontributed to this (?:report|story|article)\b|^with reporting by\b|\brush transcript\b",
    r"\bopinions? expressed\b.{0,60}\b(?:his|hers?|their|the author's)\b|\bcreative commons license\b",
    r"\bdoes? not (?:necessarily )?(?:represent|reflect) the (?:views|opinions)\b",
    r"\b(?:reprinted|republished) with permission\b|\bmay not be published, broadcast\b",
)

# Anywhere in the line, capitals as they stand: captions, credits, and links run into the text.
_CAPTIONS = (
    # the words that a page puts around a picture or a video
    r"^(?:Enlarge this image|Image (?:copyright|caption|source)|Media (?:caption|playback)|Play [Vv]ideo)\b",
    r"\btoggle caption\b|\bImage caption [A-Z]|^JUST WATCHED\b|^CLOSE [A-Z]|^FILE ?[-–—] |^FILE PHOTO: ",
    r"^(?:Facebook )?(?:Twitter )?Pinterest\b|^Facebook Twitter [A-Z]",
    # "Photo: Name" or "Picture by Name" as the end of the line, alone or after a caption
    r"(?:^|[\s(\[|.])(?:Photo|Pic(?:ture)?|Image|Photograph|Credit|Video)s?(?: [Cc]redit)? ?: ?(?=[@A-Z])"
    r"(?:[^:.!?\"]|\b[A-Z]\.){0,60}\)?\W*$",
    r"(?:^|[(\[|.] ?)(?:Photo|Picture|Image|Photograph|Photo illustration|Illustration)s? "
    r"(?:by|via|from|courtesy of) [^.\"]{2,60}[.)]?$",
    r"^Photo(?:graph)? ?: |^Photo illustration\b",
    # an agency: "Name/AP", "(Name/Reuters)", "Name / Getty Images" at the end, "AP Photo/Name" anywhere
    rf"(?:/ ?|\bvia |[(\[|] ?){_AGENCY}(?:/{_AGENCY})*(?: Images)?\W{{0,3}}$|\w Getty Images\)?$",
    rf"\b(?:AP|Associated Press) Photo/|^\(?(?:Getty Images|Pixabay)\)?$|\| {_AGENCY}\b",
    rf"^{_NAME}(?: {_NAME})* ?/ ?(?:AP|AFP|Reuters|Getty Images)\b",
    r"\b(?:stock\.adobe\.com|[Ss]hutterstock(?:\.com)?|iStock(?:photo)?|Adobe Stock|Alamy)\)?$",
    # a link to another story
    r"^Related (?:Coverage )?[A-Z][^.]*[^.?!:]$|^(?:More|MORE|Story|STORY|Video|VIDEO):[A-Z0-9]",
)

# The whole line without its colon: headings of lists of links, with headlines of other articles below.
_LINK_HEADINGS = (
    r"related(?: (?:articles?|stories|content|coverage|posts|topics|news|links))?|recommended(?: for you)?",
    r"(?:most|top) (?:read|viewed|popular|shared|commented|stories|watched)|popular(?: now| posts| stories)?",
    r"recent (?:updates|posts|articles|stories|comments|news)",
    r"trending(?: now)?|featured(?: articles| stories)?|more (?:news|stories|articles)|filed under",
    r"(?:latest|more) (?:from|in) .{2,40}|latest on .{2,40}|latest(?: news| stories| updates| headlines)?",
    r"you (?:may|might) also (?:like|be interested in|want to watch|want to read)",
    r"(?:read|see) (?:more|next|also)|read more (?:about|on|from) .{2,60}|more on this(?: story| topic)?",
    r"don't miss|editor'?s'? picks?|elsewhere on .{2,40}|in other news|what to read next|tags|topics",
)

# The whole line without its colon: headings under which the outlet speaks for itself.
_APPEAL_HEADINGS = (
    r"support (?:the|our|us|local|independent)\b.{0,30}|become a (?:supporter|member|subscriber)",
    r"comments? form|comments?|leave a (?:reply|comment)|(?:got|have) a (?:story|tip|news tip|question)\W*",
    r"stay in touch|get in touch|contact(?: us)?|about (?:us|the author)|follow us(?: on .{2,20})?",
    r"newsletters?|donate(?: now)?|join (?:us|the conversation)|sign up .{0,40}|subscribe .{0,40}",
)

# The whole line: entries of a menu, which in a run of short lines give the menu away.
_MENU_ENTRIES = (
    r"home|news|comments?|opinion|sports?|business|politics|culture|lifestyle|world|local|uk|us|videos?",
    r"photos|travel|contact|about|subscribe|login|search|menu|newsletters?|rss|youtube|e-?mail|jobs",
    rf"podcasts|weather|entertainment|tech(?:nology)?|more|archive|donate|print|{_NETWORKS}",
)

_DATE_LINE = re.compile(rf"{_DATE}[^.?!\"]{{0,60}}", re.IGNORECASE)
_BYLINE = re.compile(
    r"(?:By|by|BY|Words by|Written by|Reported by) (?!Any|The|All|Our|An?\b|Land|Sea)"
    rf"{_NAME}(?:(?:,? and |, | \| | & | )@?{_NAME}){{1,7}}"
)
_AUTHORS = re.compile(rf"{_NAME} {_NAME}(?:(?: |, | and |,? & ){_NAME}){{0,8}}")
_ATTRIBUTION = re.compile(rf"(?:[-–—] ?)?{_NAME}(?: {_NAME}){{1,3}}, [^.!?\"]{{2,60}}")
_CREDIT = re.compile(r"(?:Photo|Picture|Image|Credit|Photograph)s? ?: ?(.{2,40})$")
_CAPITAL_LEAD = re.compile(r"([A-Z][A-Z'&-]+(?: [A-Z][A-Z'&-]+){0,2}) ?: ?[A-Z][a-z'].*[^.?!:;…\"')–—-]")
_NEWS_LEAD = re.compile(r"(?:BREAKING|JUST|MORE|UPDATED?|REVEALED|EXCLUSIVE|NEW|OPINION|ANALYSIS|EXPLAIN(?:ED|ER))\b")
"""Words in capitals that lead headlines and sentences as well as captions."""
_BULLET = re.compile(r"[•‣◦▪▫●○∙·*–—-]\s+")
_READER = re.compile(
    r"\b(?:we|our|us|you|your|i'm|this (?:news)?paper|readers|donations?|donate|subscri\w+)\b", re.IGNORECASE
)
_TWEET = re.compile(r"\(@\w+\)|pic\.twitter\.com/")
"""A post quoted in the story, which may look like a link or a caption."""
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟«»", '"'))


def _compile(patterns: Sequence[str], flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


_WHOLE_LINE = _compile(_WHOLE_LINES)
_APPEAL = _compile(_APPEALS)
_ORIGIN = _compile(_ORIGINS)
_CAPTION = _compile(_CAPTIONS, 0)
_LINK_HEADING = _compile(_LINK_HEADINGS)
_APPEAL_HEADING = _compile(_APPEAL_HEADINGS)
_MENU_ENTRY = _compile(_MENU_ENTRIES)


def normalise_text(text: str) -> str:
    """Return `text` with every run of white space as one space and every quotation mark straight."""
    return _SPACE.sub(" ", text).strip().translate(_QUOTES)


@dataclass(frozen=True, slots=True)
class _Line:
    """One paragraph as the rules see it: normalised, without its bullet."""

    text: str
    words: int
    bullet: bool

    @property
    def sentence(self) -> bool:
        """Whether it ends as a sentence does, the colon before a quotation or a list included."""
        return self.text.rstrip("\"')]").endswith((".", "!", "?", ":", "…"))

    @property
    def quotation(self) -> bool:
        """Whether somebody is quoted in it."""
        return '"' in self.text

    @property
    def prose(self) -> bool:
        """Whether it is a sentence of some length, or one with a quotation."""
        return self.sentence and not self.bullet and (self.words >= STORY_WORDS or self.quotation)

    @property
    def addresses_reader(self) -> bool:
        """Whether the outlet speaks in it of itself or to its readers, in nobody's quotation."""
        return not self.quotation and bool(_READER.search(self.text))

    @property
    def headline(self) -> bool:
        """Whether it may be a link's headline: short, and without a sentence's end."""
        return self.bullet or (not self.sentence and self.words <= HEADLINE_WORDS)


def find_clutter(texts: Sequence[str], title: str | None = None, outlet: str | None = None) -> list[bool]:
    """Return for each paragraph of one article, in order, whether it is page furniture by its structure.

    `title` lets the lines above the headline be told; `outlet` lets the headings that name it be told.
    """
    lines = [_describe(text) for text in texts]
    marked = {number for number, line in enumerate(lines) if _is_furniture(line)}
    body = next((n for n, line in enumerate(lines) if n not in marked and line.prose), len(lines))
    heading = _find_title(lines[:body], title)
    marked |= set(range(heading or 0))
    marked |= _menus(lines, body)
    marked |= _between_menus(lines, marked, body)
    marked |= _top_dates(lines, body)
    marked |= _capital_captions(lines)
    marked |= _capital_links(lines)
    marked |= _outlet_lines(lines, outlet)
    marked |= _credits_left_over(lines)
    marked |= _attributions(lines)
    marked |= _zones(lines, marked, outlet)
    marked.discard(-1 if heading is None else heading)
    return [number in marked for number in range(len(lines))]


def _describe(text: str) -> _Line:
    bullet = _BULLET.match(text)
    bare = normalise_text(text[bullet.end() :] if bullet else text)
    return _Line(bare, bare.count(" ") + 1, bullet is not None)


def _is_furniture(line: _Line) -> bool:
    """Tell whether the line is furniture by itself, wherever it stands."""
    if line.words > MAX_FURNITURE_WORDS or _TWEET.search(line.text):
        return False
    if _WHOLE_LINE.fullmatch(line.text) or _BYLINE.fullmatch(line.text):
        return True
    if _is_doubled(line.text) and not line.sentence:
        return True
    if _CAPTION.search(line.text) or _ORIGIN.search(line.text):
        return True
    return not line.quotation and bool(_APPEAL.search(line.text))


def _is_doubled(text: str) -> bool:
    """Tell whether `text` is the same caption twice in a row, with or without a space between."""
    half = len(text) // 2
    return len(text) >= 40 and (text[:half] == text[half:] or text[:half] == text[half + 1 :])


def _find_title(lines: Sequence[_Line], title: str | None) -> int | None:
    """Return which of the `lines` above the story is the title, if any."""
    wanted = normalise_text(title or "").casefold()
    return next((n for n, line in enumerate(lines[:TITLE_LINES]) if _is_title(line.text, wanted)), None)


def _is_title(text: str, wanted: str) -> bool:
    """Tell whether the line is the title, whose end may name the outlet after a dash or a bar."""
    form = text.casefold()
    return bool(form) and (form == wanted or wanted.startswith((f"{form} - ", f"{form} | ", f"{form} – ")))


def _menus(lines: Sequence[_Line], body: int) -> set[int]:
    """Return the menus: runs of three or more lines of one to three words each, all bullets or none.

    A third of the entries must be known ones, of which a run without bullets begins and ends with one:
    what stands about it may be a headline. Above `body` a run of bullets is a menu whatever its entries.
    """
    menus: set[int] = set()
    for (short, bullets), group in groupby(range(len(lines)), key=lambda n: _menu_shape(lines[n])):
        run = list(group)
        known = [number for number in run if _MENU_ENTRY.fullmatch(lines[number].text)]
        if not bullets:
            run = list(range(known[0], known[-1] + 1)) if known else []
        if short and len(run) >= 3 and (3 * len(known) >= len(run) or run[-1] < body):
            menus.update(run)
    return menus


def _menu_shape(line: _Line) -> tuple[bool, bool]:
    """Return whether the line is short enough for a menu's entry, and whether it has a bullet."""
    return line.words <= MENU_ENTRY_WORDS and not line.sentence, line.bullet


def _between_menus(lines: Sequence[_Line], marked: set[int], body: int) -> set[int]:
    """Return the short lines above `body` with bullets of a menu on both sides, such as the outlet's name."""
    bullets = [number for number in marked if number < body and lines[number].bullet]
    between = range(min(bullets), max(bullets)) if bullets else range(0)
    return {number for number in between if lines[number].words <= SUBHEADING_WORDS}


def _top_dates(lines: Sequence[_Line], body: int) -> set[int]:
    """Return the lines above `body` that are a date, with a name or a time at most.

    Further down a date alone may be the subheading of a chronicle.
    """
    return {number for number in range(body) if _DATE_LINE.fullmatch(lines[number].text)}


def _capital_captions(lines: Sequence[_Line]) -> set[int]:
    """Return short lines led by words in capitals and a colon that end without a full stop.

    The first line is a headline, and a lead that recurs is a speaker of a transcript.
    """
    leads = {number: match for number, line in enumerate(lines) if (match := _match_lead(line))}
    speakers = Counter(line.text.split(":", 1)[0].rstrip() for line in lines)
    return {number for number, match in leads.items() if number > 0 and speakers[match.group(1)] == 1}


def _match_lead(line: _Line) -> re.Match[str] | None:
    match = _CAPITAL_LEAD.fullmatch(line.text) if 5 <= line.words <= 40 else None
    if match is None or _NEWS_LEAD.match(line.text) or _TWEET.search(line.text):
        return None
    return match


def _capital_links(lines: Sequence[_Line]) -> set[int]:
    """Return the lines after the first that are a headline of another story in capitals throughout."""
    return {
        number
        for number, line in enumerate(lines)
        if number > 0 and line.words >= CAPITAL_LINK_WORDS and line.text.isupper() and not line.sentence
    }


def _outlet_lines(lines: Sequence[_Line], outlet: str | None) -> set[int]:
    """Return the lines that only name the outlet, with the name of the author above one at the top."""
    wanted = normalise_text(outlet or "").casefold().removeprefix("the ")
    named = {n for n, line in enumerate(lines) if wanted and line.text.casefold().removeprefix("the ") == wanted}
    authors = {n - 1 for n in named if 0 < n <= 3 and _AUTHORS.fullmatch(lines[n - 1].text)}
    return named | authors


def _credits_left_over(lines: Sequence[_Line]) -> set[int]:
    """Return lines that only repeat whom the caption before them credits."""
    return {
        number
        for number, (above, line) in enumerate(pairwise(lines), start=1)
        if (credit := _CREDIT.search(above.text)) and credit.group(1) == line.text
    }


def _attributions(lines: Sequence[_Line]) -> set[int]:
    """Return names standing alone under a pull quote: "Ada Example, Northwick Council"."""
    return {
        number
        for number, (above, line) in enumerate(pairwise(lines), start=1)
        if line.words <= 8
        and not line.sentence
        and above.text.startswith('"')
        and above.text.endswith('"')
        and _ATTRIBUTION.fullmatch(line.text)
    }


def _zones(lines: Sequence[_Line], marked: set[int], outlet: str | None) -> set[int]:
    """Return the headings of link lists and appeals, with the lines below them up to where the story resumes.

    Appeals are told only after the last story paragraph: there they may be whole sentences.
    """
    story = {number for number, line in enumerate(lines) if number not in marked and _is_story(line)}
    first, last = min(story, default=len(lines)), max(story, default=len(lines))
    found: set[int] = set()
    zone: str | None = None
    for number, line in enumerate(lines):
        if heading := _heading_kind(line, outlet, number > last):
            zone = heading
            found.add(number)
        elif zone and number not in marked:
            limit = HEADLINE_WORDS if number < first else SUBHEADING_WORDS
            if _belongs_to_zone(line, zone) and not (number + 1 in story and _is_subheading(line, limit)):
                found.add(number)
            else:
                zone = None
    return found


def _is_story(line: _Line) -> bool:
    return line.prose and not line.addresses_reader


def _is_subheading(line: _Line, limit: int) -> bool:
    return line.words <= limit and not line.bullet


def _heading_kind(line: _Line, outlet: str | None, closing: bool) -> str | None:
    """Say which zone the line opens, "links" or, where the story is over (`closing`), "appeal"."""
    text = line.text.rstrip(":. ")
    if line.words > HEADING_WORDS:
        return None
    if _LINK_HEADING.fullmatch(text):
        return "links"
    appeals = _APPEAL_HEADING.fullmatch(text) or (outlet and text.casefold() == f"support {outlet.casefold()}")
    return "appeal" if closing and appeals else None


def _belongs_to_zone(line: _Line, zone: str) -> bool:
    """Tell whether the line goes on with the zone that is open."""
    if zone == "appeal" and (line.addresses_reader or line.words <= SUBHEADING_WORDS):
        return True
    return line.headline
