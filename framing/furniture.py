"""The patterns of page furniture: every rule about a line by itself is one more pattern here.

The text of the line is normalised (straight quotation marks, single spaces) and without its bullet.
`framing.clutter` says where in an article the patterns are tried; a new one needs a line in the tests
of furniture, and one of content that it must leave alone.
"""

from __future__ import annotations

import re

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


def _match_any(*patterns: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """Return a pattern that matches where one of `patterns` does."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


# The whole line, upper and lower case alike.
WHOLE_LINE = _match_any(
    # adverts and breaks in the page
    r"ad|adverts?:?|advertisements?:?|advertising|sponsored(?: content)?:?|promoted(?: stories| content)?:?",
    r"(?:story |article )?continue[sd]? (?:reading )?(?:below|after)(?: (?:this )?ad\w*)?",
    r"continue reading\b.{0,25}|\[pull ?quote\]|\[?embed\]?",
    # sharing
    r"click to (?:share|print|tweet|e-?mail)\b.{0,60}|.{3,40} \(opens in (?:a )?new window\)",
    r"like this: ?(?:like )?loading\b.{0,5}",
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
    # who publishes, and the marks of a version for printing
    r"(?:posted|uploaded) by (?:the )?(?:web|news|online)[ -]?(?:desk|team|editor|staff)",
    r"printed from (?:the )?(?:web ?site|web page|home ?page)\b[^!?\"]{0,60}",
    r"(?:find|read|see|view) this (?:story|article|page) (?:online )?(?:at|on):? ?(?:https?://|www\.)\S+",
    r"(?:image )?copyright\W+(?:©|\(c\)|\d{4}|getty|reuters|afp|ap\b|pa\b|epa).*|(?:©|\(c\)) ?\d{4}.{0,120}",
    r".*\ball rights reserved\b.*|.*\b(?:company|registration|registered) (?:number|no\.?):? \w*\d{4,}.*",
    r"registered (?:office|in england)\b.*|(?:(?:terms|privacy|cookies?|contact)\b[^.]{0,25}[|·•] ?)+.*",
    # comment forms
    r"leave a (?:reply|comment)|post a comment|your email address will not be published\b.*",
    r"(?:required fields are marked|\* (?:denotes|indicates) (?:a )?required)\b.*|save my name, email\b.*",
)

# Anywhere in a line that quotes nobody, upper and lower case alike: the outlet asks for something.
APPEAL = _match_any(
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
ORIGIN = _match_any(
    r"^(?:this|the) (?:article|story|piece|column|post|essay|report)\b.{0,40} (?:originally|first|previously)"
    r" (?:appeared|published|ran)\b",
    r"^(?:this|the) (?:article|story|piece|column|post|essay) (?:is republished|is reprinted|tagged under)\b",
    r"\bcontributed to this (?:report|story|article)\b|^with reporting by\b|\brush transcript\b",
    r"\bopinions? expressed\b.{0,60}\b(?:his|hers?|their|the author's)\b|\bcreative commons license\b",
    r"\bdoes? not (?:necessarily )?(?:represent|reflect) the (?:views|opinions)\b",
    r"\b(?:reprinted|republished) with permission\b|\bmay not be published, broadcast\b",
)

# Anywhere in the line, capitals as they stand: captions, credits, and links run into the text.
CAPTION = _match_any(
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
    flags=re.NOFLAG,
)

# The whole line without its colon: headings of lists of links, with headlines of other articles below.
LINK_HEADING = _match_any(
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
APPEAL_HEADING = _match_any(
    r"support (?:the|our|us|local|independent)\b.{0,30}|become a (?:supporter|member|subscriber)",
    r"comments? form|comments?|leave a (?:reply|comment)|(?:got|have) a (?:story|tip|news tip|question)\W*",
    r"stay in touch|get in touch|contact(?: us)?|about (?:us|the author)|follow us(?: on .{2,20})?",
    r"newsletters?|donate(?: now)?|join (?:us|the conversation)|sign up .{0,40}|subscribe .{0,40}",
)

# The whole line: entries of a menu, which in a run of short lines give the menu away.
MENU_ENTRY = _match_any(
    r"home|news|comments?|opinion|sports?|business|politics|culture|lifestyle|world|local|uk|us|videos?",
    r"photos|travel|contact|about|subscribe|login|search|menu|newsletters?|rss|youtube|e-?mail|jobs",
    rf"podcasts|weather|entertainment|tech(?:nology)?|more|archive|donate|print|{_NETWORKS}",
)

DATE_LINE = re.compile(rf"{_DATE}[^.?!\"]{{0,60}}", re.IGNORECASE)
"""The whole line: a date of publication, with a name or a time at most."""

BYLINE = re.compile(
    r"(?:By|by|BY|Words by|Written by|Reported by) (?!Any|The|All|Our|An?\b|Land|Sea)"
    rf"{_NAME}(?:(?:,? and |, | \| | & | )@?{_NAME}){{1,7}}"
)
"""The whole line: "By" and up to seven names."""

AUTHORS = re.compile(rf"{_NAME} {_NAME}(?:(?: |, | and |,? & ){_NAME}){{0,8}}")
"""The whole line: one or more names, as authors stand above the outlet's name."""

ATTRIBUTION = re.compile(rf"(?:[-–—] ?)?{_NAME}(?: {_NAME}){{1,3}}, [^.!?\"]{{2,60}}")
"""The whole line: a name and its office, as under a pull quote."""

CREDIT = re.compile(r"(?:Photo|Picture|Image|Credit|Photograph)s? ?: ?(.{2,40})$")
"""The end of a caption: group 1 is whom it credits."""

CAPITAL_LEAD = re.compile(r"([A-Z][A-Z'&-]+(?: [A-Z][A-Z'&-]+){0,2}) ?: ?[A-Z][a-z'].*[^.?!:;…\"')–—-]")
"""The whole line: words in capitals and a colon (group 1 without it), then no sentence's end."""

NEWS_LEAD = re.compile(r"(?:BREAKING|JUST|MORE|UPDATED?|REVEALED|EXCLUSIVE|NEW|OPINION|ANALYSIS|EXPLAIN(?:ED|ER))\b")
"""Words in capitals that lead headlines and sentences as well as captions."""

BULLET = re.compile(r"[•‣◦▪▫●○∙·*–—-]\s+")
"""The beginning of an entry in a list, before the text is normalised."""

READER = re.compile(
    r"\b(?:we|our|us|you|your|i'm|this (?:news)?paper|readers|donations?|donate|subscri\w+)\b", re.IGNORECASE
)
"""Anywhere in a line that quotes nobody: words of an outlet that speaks of itself or to its readers."""

TWEET = re.compile(r"\(@\w+\)|pic\.twitter\.com/")
"""A post quoted in the story, which may look like a link or a caption."""
