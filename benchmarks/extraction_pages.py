"""Web pages that an extractor is tried on, each layout a template that says itself what is story and what is not.

In a template "<<3p>>" stands for the next three paragraphs of the story as <p>; other forms are in `_FORMS`.
"[-...-]" encloses text that must not come out, "[+...+]" text of the story that the template holds itself.
What is in neither, such as headlines, counts neither way. The layouts are those that news sites have used since
the 1990s, built from the memory of their markup; no page is a copy of one.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extraction_texts import ARABIC, QUESTIONS, RUSSIAN, STORY, SUBHEADINGS

_FORMS = {
    "p": "<p>{}</p>\n",
    "div": "<div>{}</div>\n",
    "deep": '<div class="row"><div class="col-8"><div class="c-text"><span>{}</span></div></div></div>\n',
    "br": "{}<br><br>\n",
    "li": "<li>{}</li>\n",
    "font": '<p><font face="Times" size="3">{}</font>\n',
    "quote": "<blockquote><p>{}</p></blockquote>\n",
    "raw": "{}\n",
    "nbsp": "&nbsp;&nbsp;&nbsp;{}<br>\n",
    "row": "<tr><td>{}</td></tr>\n",
    "open": "<p>{}\n",
    "wrapped": "{}\n\n",
    "link": '<p>{} <a href="/topic/cameras">(our coverage)</a></p>\n',
}
_MARKED = re.compile(r"\[([-+])(.*?)\1\]", re.S)
_TAKEN = re.compile(r"<<(\d+)([a-z]+)>>")

NAVIGATION = """<nav><ul><li><a href="/">[-Front page of the Courier-]</a></li><li><a href="/n">[-Local news desk-]</a>
</li><li><a href="/s">[-Sport and leisure-]</a></li><li><a href="/w">[-Weather and tides-]</a></li></ul></nav>"""
FOOTER = """<footer><p>[-© 2019 Harbour Courier Ltd. All rights reserved.-]</p>
<ul><li><a href="/t">[-Terms of use-]</a></li><li><a href="/p">[-Privacy notice-]</a></li></ul></footer>"""
COOKIES = """<div id="cookie-banner" class="consent"><p>[-We and our partners use cookies to measure how our pages are
used.-]</p><button>[-Accept all cookies-]</button></div>"""
SHARE = """<ul class="share"><li><a href="#">[-Share on Facebook-]</a></li>
<li><a href="#">[-Share on Twitter-]</a></li></ul>"""
RELATED = """<div class="related"><h3>[-Related articles-]</h3><ul>
<li><a href="/1">[-Ferry late again as fog holds-]</a></li>
<li><a href="/2">[-Harbour car park to close in September-]</a></li></ul></div>"""
MOST_READ = """<aside class="most-read"><h2>[-Most read this week-]</h2><ol>
<li><a href="/3">[-Seal found asleep in bus stop-]</a></li>
<li><a href="/4">[-Bakery wins county prize for its rye loaf-]</a></li></ol></aside>"""
COMMENTS = """<section id="comments" class="comments"><h3>[-2 comments-]</h3>
<div class="comment"><b>[-harbourfan77-]</b>
<p>[-I for one will miss them, my bike was stolen twice before they came.-]</p></div>
<div class="comment"><b>[-old_salt-]</b><p>[-Good riddance to the lot of them I say.-]</p></div></section>"""
NEWSLETTER = """<div class="newsletter-signup"><h4>[-The Courier in your inbox-]</h4>
<p>[-Sign up for our daily newsletter and never miss a story from the coast.-]</p>
<form><input type="email"><button>[-Sign me up-]</button></form></div>"""
FIGURE = """<figure><img src="a.jpg" alt="A pole on the square"><figcaption>[-A camera on its pole. Photo: Jane Lens-]
</figcaption></figure>"""
BYLINE = '<p class="byline">[-By Jane Penn-]</p><time datetime="2019-05-29">[-29 May 2019-]</time>'
HEAD = """<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title} | Harbour Courier</title>
<meta property="og:site_name" content="Harbour Courier"><meta property="og:title" content="{title}"></head><body>"""
TEASERS = (
    ("Ferry late again as fog holds", "The morning boat did not leave before ten, the third time this week."),
    ("Bakery wins county prize for its rye loaf", "The judges praised a crust that sang when it was broken."),
    ("Seal found asleep in bus stop", "Passengers at the harbour had an unusual companion on Monday morning."),
)
TITLE = "Northwick turns its cameras off"


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its source, the paragraphs that must come out and the segments that must not."""

    name: str
    source: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


LAYOUTS: dict[str, str] = {
    "article tag": NAVIGATION + f"<article><h1>{TITLE}</h1>{BYLINE}{FIGURE}<<10p>></article>" + MOST_READ + FOOTER,
    "div soup": COOKIES + f'<div class="wrap"><div class="top">[-Harbour Courier since 1887-]</div>'
    f'<div class="hl">{TITLE}</div><<9deep>></div>' + RELATED + FOOTER,
    "paragraphs as div": NAVIGATION + f'<div class="story"><h1>{TITLE}</h1><<8div>></div>' + SHARE + MOST_READ + FOOTER,
    "layout table": '<table width="760"><tr><td width="160"><a href="/">[-Front page of the Courier-]</a><br>'
    '<a href="/s">[-Sport and leisure-]</a></td><td><h1>' + TITLE + "</h1><<9p>></td>"
    '<td width="160"><b>[-Elsewhere today-]</b><br><a href="/3">[-Seal found asleep in bus stop-]</a></td></tr></table>'
    "<center><small>[-Copyright 2003 Harbour Courier-]</small></center>",
    "font tags of the 1990s": '<center><font size="5"><b>' + TITLE + "</b></font></center><hr><<9font>><hr>"
    '<font size="1">[ <a href="/">[-Back to the front page-]</a> | <a href="/m">[-Write to the editor-]</a> ]</font>',
    "line breaks": f"<h2>{TITLE}</h2><div>[-Posted by the web desk-]</div><div class='txt'><<8br>></div>" + FOOTER,
    "one block of text": NAVIGATION
    + f"<h1>{TITLE}</h1><div id='content'><p><<1raw>><br><<1raw>><br><<1raw>></p><<4p>></div>",
    "live blog": NAVIGATION
    + f"<main><h1>{TITLE}: as it happened</h1>"
    + "".join(
        f'<div class="live-post"><time datetime="2019-05-29T{hour}:12">{hour}:12</time>'
        f"<h3>[+{heading}+]</h3><<2p>></div>"
        for hour, heading in zip((20, 21, 23), SUBHEADINGS, strict=True)
    )
    + "</main>"
    + SHARE
    + FOOTER,
    "comments below": NAVIGATION + f"<article><h1>{TITLE}</h1><<6p>></article>" + COMMENTS + FOOTER,
    "more comments than story": f"<article><h1>{TITLE}</h1><<2p>></article>" + COMMENTS * 4,
    "links inside the story": NAVIGATION + f"<article><h1>{TITLE}</h1><<3p>><p><strong>[-READ MORE:-] </strong>"
    '<a href="/1">[-Ferry late again as fog holds-]</a></p>'
    '<<3p>><p><a href="/2">[-Harbour car park to close in September-]</a></p><<2p>></article>' + FOOTER,
    "related box inside": f"<article><h1>{TITLE}</h1><<4p>>" + RELATED + "<<4p>></article>" + FOOTER,
    "captions twice": f"<article><h1>{TITLE}</h1><<2p>>"
    '<div class="image"><img src="b.jpg"><span class="caption">[-Ada Example at her stall (Image: Jane Lens)-]</span>'
    '<p class="caption">[-Ada Example at her stall (Image: Jane Lens)-]</p></div><<5p>></article>',
    "cookie wall on top": COOKIES * 2 + f"<main><h1>{TITLE}</h1><<7p>></main>" + FOOTER,
    "newsletter box inside": f"<article><h1>{TITLE}</h1><<3p>>" + NEWSLETTER + "<<5p>></article>" + FOOTER,
    "newsletter line as paragraph": f"<article><h1>{TITLE}</h1><<3p>>"
    "<p><em>[-Sign up to our evening email for more stories like this.-]</em></p><<5p>>"
    "<p>[-Follow us on Facebook for more from the coast.-]</p></article>",
    "AMP": '<amp-analytics type="x"></amp-analytics><header>[-Harbour Courier mobile-]</header>'
    f'<article class="amp-article"><h1>{TITLE}</h1><amp-img src="a.jpg"></amp-img><<7p>>'
    '<amp-ad width="300"><div>[-Advertisement-]</div></amp-ad></article>',
    "print version": f"<h1>{TITLE}</h1><p>[-Printed from the website of the Harbour Courier-]</p><<8p>>"
    "<p>[-Find this story at: https://courier.example/2019/05/29/cameras-]</p>",
    "paywall teaser": NAVIGATION
    + f'<article><h1>{TITLE}</h1><<2p>><div class="paywall"><h3>[-Subscribe to keep reading-]</h3>'
    "<p>[-You have read your three free articles this month. A subscription costs less than a loaf a week.-]</p>"
    "<a href='/sub'>[-See our offers-]</a></div></article>" + FOOTER,
    "story in list": f"<article><h1>{TITLE}: what we know</h1><<1p>><ul><<6li>></ul><<1p>></article>" + FOOTER,
    "subheadings": NAVIGATION
    + f"<article><h1>{TITLE}</h1><<2p>>"
    + "".join(f"<h2>[+{heading}+]</h2><<2p>>" for heading in SUBHEADINGS)
    + "</article>"
    + FOOTER,
    "interview": NAVIGATION
    + "<article><h1>“They put up the poles one morning”</h1><<1p>>"
    + "".join(f"<p><strong>[+{question}+]</strong></p><<2p>>" for question in QUESTIONS)
    + "</article>",
    "short story": NAVIGATION + f"<article><h1>{TITLE}</h1><<1p>></article>" + MOST_READ + FOOTER,
    "three lines": NAVIGATION
    + f'<div class="content"><h1>{TITLE}</h1><p>[+The vote is off.+]</p><<1p>></div>'
    + FOOTER,
    "advertisements between": f"<article><h1>{TITLE}</h1><<2p>><div class='ad'>[-Advertisement-]</div><<2p>>"
    "<div class='ad-slot'><span>[-ADVERTISING-]</span></div><<2p>>"
    "<p>[-Story continues below advertisement-]</p><<1p>></article>",
    "sidebar first": MOST_READ + RELATED + NAVIGATION + f"<div id='main'><h1>{TITLE}</h1><<8p>></div>" + FOOTER,
    "author below": f"<article><h1>{TITLE}</h1><<6p>><div class='author-bio'><img src='j.jpg'>"
    "<p>[-Jane Penn has covered the coast for the Courier since 2011.-]</p></div></article>" + SHARE + FOOTER,
    "next story below": f"<article><h1>{TITLE}</h1><<6p>></article><div class='next'>"
    "<h2>[-Seal found asleep in bus stop-]</h2>"
    "<p>[-Passengers at the harbour had an unusual companion on Monday morning.-]</p></div>" + FOOTER,
    "hidden elements": f"<article><h1>{TITLE}</h1><<3p>>"
    "<div style='display:none'><p>[-Your session has run out, please reload.-]</p></div>"
    "<noscript><p>[-Please turn on JavaScript to see this page.-]</p></noscript><<4p>></article>" + FOOTER,
    "quotations": f"<article><h1>{TITLE}</h1><<2p>><<2quote>><<3p>></article>" + COMMENTS,
    "many links in the text": NAVIGATION + f"<article><h1>{TITLE}</h1><<7link>></article>" + RELATED + FOOTER,
    "facts in a table": f"<article><h1>{TITLE}</h1><<3p>>"
    "<table><tr><th>Year</th><th>Alerts</th></tr><tr><td>2017</td><td>588</td></tr>"
    "</table><<3p>></article>" + FOOTER,
    "share bar at the end": f"<div class='entry-content'><h1>{TITLE}</h1><<6p>><p>[-Share this:-]</p>"
    + SHARE
    + "<p>[-Like this: Loading-]</p></div><div id='sidebar'>"
    + MOST_READ
    + "</div>",
    "hashed classes": '<div class="a1x"><div class="q9"><a href="/">[-Front page of the Courier-]</a></div>'
    '<div class="q9">'
    '<a href="/s">[-Sport and leisure-]</a></div></div><div class="zz7"><div class="h0">' + TITLE + "</div><<3deep>>"
    '<div class="k3"><a href="/1"><div class="t2">[-Ferry late again as fog holds-]</div></a></div><<3deep>></div>'
    '<div class="k3"><a href="/3"><div class="t2">[-Seal found asleep in bus stop-]</div>'
    '<div class="b1">[-Passengers at the harbour had an unusual companion on Monday morning.-]</div></a></div>',
    "teasers around the story": "".join(
        f'<div class="teaser"><h3><a href="/{number}">[-{headline}-]</a></h3><p>[-{line}-]</p></div>'
        for number, (headline, line) in enumerate(TEASERS)
    )
    + f'<div class="main-story"><h1>{TITLE}</h1><<7p>></div>'
    + FOOTER,
    "nested layout tables": "<table><tr><td colspan='2'>[-Harbour Courier on the web-]</td></tr><tr><td width='130'>"
    "<table><tr><td><a href='/'>[-Front page of the Courier-]</a></td></tr><tr><td>"
    "<a href='/s'>[-Sport and leisure-]</a>"
    f"</td></tr></table></td><td><table><tr><td><b>{TITLE}</b></td></tr><tr>"
    f"<td><<7br>></td></tr></table></td></tr></table>",
    "a table row for each paragraph": f"<h1>{TITLE}</h1><table><<8row>></table>" + FOOTER,
    "hard-wrapped <pre>": f"<h1>{TITLE}</h1><pre><<6wrapped>></pre><hr><a href='/'>[-Back to the front page-]</a>",
    "gallery": NAVIGATION
    + f"<article><h1>{TITLE}: in pictures</h1><<2p>>"
    + "".join(
        f"<figure><img src='{n}.jpg'><figcaption>[-{n} of 3: {what}. Photo: Jane Lens-]</figcaption></figure>"
        for n, what in enumerate(("The square at dawn", "A pole without its box", "The fish stall"), 1)
    )
    + "<<2p>></article>"
    + FOOTER,
    "captions as paragraphs": f"<div class='post'><h1>{TITLE}</h1>"
    f"<p>[-Ada Example at her stall. Picture: Jane Lens-]</p><<4p>>"
    "<p>[-Image: Harbour Courier-]</p><<3p>></div>" + FOOTER,
    "comments without a name": f"<div id='c'><h1>{TITLE}</h1><<6p>></div><div id='d'><div>[-harbourfan77 says:-]</div>"
    "<div>[-I for one will miss them, my bike was stolen twice before they came.-]</div><div>[-Reply-]</div></div>",
    "tags and topics": f"<article><h1>{TITLE}</h1><<6p>><div class='tags'><span>[-Filed under:-]</span> <a href='/t/1'>"
    "[-Cameras and policing-]</a> <a href='/t/2'>[-Northwick council-]</a></div></article>" + FOOTER,
    "unclosed tags": f"<div id=story><h1>{TITLE}</h1><<7open>></div><p>[-Harbour Courier, 1 Quay Street, Northwick-]",
    "right to left": NAVIGATION + "<article dir='rtl'><h1>نورثويك توقف الكاميرات</h1><<4p>></article>" + FOOTER,
    "Cyrillic": NAVIGATION + "<div class='text'><h1>Нортвик отключает камеры</h1><<4p>></div>" + FOOTER,
}
LATER: dict[str, str] = {
    "interview as list of definitions": NAVIGATION
    + f"<div class='qa'><h1>{TITLE}</h1><<1p>><dl>"
    + "".join(f"<dt>[+{question}+]</dt><dd><<1raw>></dd>" for question in QUESTIONS)
    + "</dl></div>"
    + FOOTER,
    "links as a list inside": f"<article><h1>{TITLE}</h1><<3p>><ul><li>"
    f"<a href='/1'>[-Ferry late again as fog holds-]</a></li>"
    "<li><a href='/2'>[-Harbour car park to close in September-]</a></li></ul><<4p>></article>" + FOOTER,
    "story indented by quotation": "<center><a href='/'>[-Front page of the Courier-]</a> | "
    "<a href='/s'>[-Sport and leisure-]"
    f"</a></center><h3>{TITLE}</h3><blockquote><<7p>></blockquote><hr><i>[-Harbour Courier, 1998-]</i>",
    "comments in a list": f"<div class='entry'><h1>{TITLE}</h1><<5p>></div><ol class='commentlist'>"
    f"<li id='comment-1'><cite>"
    "[-harbourfan77-]</cite><p>[-I for one will miss them, my bike was stolen twice before they came.-]</p></li>"
    "<li id='comment-2'><cite>[-old_salt-]</cite><p>[-Good riddance to the lot of them I say.-]</p></li></ol>",
    "card inside the story": f"<article><h1>{TITLE}</h1><<3p>><div class='promo-card'><img src='s.jpg'><h4>"
    f"<a href='/3'>"
    "[-Seal found asleep in bus stop-]</a></h4><p>[-Passengers at the harbour had an unusual companion on Monday.-]</p>"
    "</div><<4p>></article>" + FOOTER,
    "caption in italics": f"<div class='article-body'><h1>{TITLE}</h1><img src='a.jpg'><p>"
    f"<i>[-Ada Example at her stall on "
    "Tuesday-]</i></p><<7p>></div>" + FOOTER,
    "sponsor": f"<article><h1>{TITLE}</h1><div class='label'>[-Paid for by the Harbour Trust-]</div><<6p>>"
    "<div class='sponsor'>"
    "<p>[-This series is supported by the Harbour Trust. The Courier alone chose its contents.-]</p></div>"
    "</article>",
    "listen and watch": f"<article><h1>{TITLE}</h1><div class='player'>"
    f"<button>[-Listen to this article-]</button> <span>"
    "[-4 min read-]</span></div><<4p>><div class='video'><p>[-Watch: the square from above-]</p></div><<3p>></article>",
    "sections": NAVIGATION + f"<main><h1>{TITLE}</h1>" + "<section><<2p>></section>" * 3 + "</main>" + RELATED + FOOTER,
    "updates as list": f"<div id='live'><h1>{TITLE}</h1><ul class='updates'>"
    + "".join(f"<li><b>{hour}:04</b> <p>[+{each}+]</p><<1p>></li>" for hour, each in enumerate(SUBHEADINGS, 20))
    + "</ul></div>"
    + SHARE
    + MOST_READ,
    "two sidebars": f"<div class='cols'><div class='left'>{MOST_READ}</div><div class='mid'>"
    f"<h1>{TITLE}</h1>{BYLINE}<<6p>>"
    f"{SHARE}</div><div class='right'>{NEWSLETTER}{RELATED}</div></div>" + FOOTER,
    "indented lines": f"<table width='600'><tr><td bgcolor='#eee'>[-Harbour Courier on the web-]</td></tr><tr>"
    f"<td><b>{TITLE}</b>"
    "<br><<7nbsp>></td></tr></table>",
}
"""Layouts written once html.py and the patterns of furniture had been mended on the others; none was tuned on."""

_LANGUAGES = {"right to left": ("ar", ARABIC), "Cyrillic": ("ru", RUSSIAN)}


def build_pages(layouts: Mapping[str, str]) -> Iterator[Page]:
    """Yield the page of each layout; stories begin at different paragraphs, so that pages differ."""
    for number, (name, template) in enumerate(layouts.items()):
        language, story = _LANGUAGES.get(name, ("en", STORY))
        begin = number * 7 % len(STORY) if story is STORY else 0
        yield _fill_template(name, template, story[begin:] + story[:begin], language)


def _fill_template(name: str, template: str, story: Sequence[str], language: str) -> Page:
    paragraphs = iter(story)

    def take(found: re.Match[str]) -> str:
        taken = [html.escape(next(paragraphs), quote=False) for _ in range(int(found[1]))]
        wrapped = [textwrap.fill(text, 70) if found[2] == "wrapped" else text for text in taken]
        return "".join(_FORMS[found[2]].format(f"[+{text}+]") for text in wrapped)

    source = _TAKEN.sub(take, HEAD.format(language=language, title=TITLE) + template + "</body></html>")
    marked = [(found[1], html.unescape(" ".join(found[2].split()))) for found in _MARKED.finditer(source)]
    wanted = tuple(text for sign, text in marked if sign == "+")
    unwanted = tuple(dict.fromkeys(text for sign, text in marked if sign == "-"))
    if clash := [text for text in unwanted if any(text in each for each in wanted)]:
        raise ValueError(f"{name}: {clash[0]!r} is in the story as well; choose another text for the furniture")
    return Page(name, _MARKED.sub(r"\2", source), wanted, unwanted)
