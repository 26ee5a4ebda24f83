"""Builds small files with the structure of archive exports, feeds and web archives, and with invented articles."""

from __future__ import annotations

FACTIVA_NUMBER = "ASHEX00020190530ef5t0001x"
FACTIVA_FIELDS = {
    "SE": "News",
    "HD": "Correction: 12 May vote on cameras at 9/11 memorial",
    "BY": "By Jane Miller",
    "WC": "512 words",
    "PD": "29 May 2019",
    "ET": "07:31",
    "SN": "Ashdown Examiner",
    "SC": "ASHEX",
    "PG": "4",
    "LA": "English",
    "CY": "(c) 2019 Ashdown Press.",
    "LP": "Cameras return to the square.",
    "TD": "Councillors had asked for a consultation.|IN a statement, the mayor agreed.",
    "NS": "gvote : Votes",
    "AN": f"Document {FACTIVA_NUMBER}",
}


def make_factiva_page(*articles: str, charset: str = "utf-8") -> bytes:
    top = f'<html><head><meta charset="{charset}"/><title>Factiva</title><style>{".a{}" * 25_000}</style></head><body>'
    return (top + "".join(articles) + "</body></html>").encode(charset)


def make_factiva_row(fields: dict[str, str]) -> str:
    cells = {
        code: "".join(f'<p class="articleParagraph">{each}</p>' for each in fields[code].split("|")) for code in fields
    }
    rows = [f"<tr><td class='index'><b>{code}</b>&nbsp;</td><td>{cell}</td></tr>" for code, cell in cells.items()]
    return f'<div class="article enArticle"><p></p><table>{"".join(rows)}</table></div>'


def make_factiva_rtf(lines: list[str]) -> bytes:
    def escape(text: str) -> str:
        units = text.encode("utf-16-be")
        numbers = [int.from_bytes(units[at : at + 2], "big", signed=True) for at in range(0, len(units), 2)]
        return "".join(chr(each) if 0 < each < 128 else f"\\u{each}?" for each in numbers)

    return ("{\\rtf1\\ansi\\ansicpg1252 " + "\\par\n".join(map(escape, lines)) + "}").encode("ascii")


FACTIVA_XML = """<?xml version="1.0" encoding="utf-8"?>{doctype}<PPSResponse>
<ppsArticleResponse xmlns="http://global.factiva.com/pps/2.0"><ppsarticleResultSet count="1"><ppsarticle><article>
<accessionNo>{AN}</accessionNo><baseLanguage>EN</baseLanguage>
<headline><paragraph><hlt>Cameras</hlt> return</paragraph></headline><byline>Jane Miller</byline>
<leadParagraph><paragraph>Cameras <hlt>return</hlt> to the square.</paragraph></leadParagraph>
<pages>4</pages><publicationDate><dateTime>2019-05-29T01:35:58Z</dateTime></publicationDate>
<sectionName>News</sectionName><sourceName>Ashdown Examiner</sourceName>
<tailParagraphs><paragraph>Councillors had asked.</paragraph><paragraph>{end}</paragraph></tailParagraphs>
<wordCount>512</wordCount></article></ppsarticle></ppsarticleResultSet></ppsArticleResponse></PPSResponse>"""


def list_coded_lines(fields: dict[str, str]) -> list[str]:
    lines = []
    for code, value in fields.items():
        first, *others = value.split("|")
        lines += [f"{code}\xa0{first}", *others]
    return lines


EUROPRESSE_ARTICLE = """<article><header>
<div class="rdp__DocPublicationName"><span class="DocPublicationName">{outlet}</span></div>
<div class="rdp__DocHeader"><span class="DocHeader">{header}</span></div>
<div class="titreArticle"><p class="sm-margin-TopNews titreArticleVisu rdp__articletitle">Le <b>12 mai</b> 2018, un vote
</p><p class="sm-margin-TopNews rdp__subtitle">Un chapeau</p></div>{byline}</header>
<section><div class="DocText clearfix"><div class="docOcurrContainer"><p>Les <mark>caméras</mark> sont
de retour.</p><p>Les élus l’avaient demandé.<br>Deux fois.</p></div></div></section>
<footer><div class="Doc-LegalInfo"><small>© 2019 L’Écho. Tous droits réservés.</small></div>
<div class="publiC-lblNodoc">{number}</div></footer></article>"""
EUROPRESSE_FIELDS = {
    "outlet": "L’Écho d’Ashdown, no. 43018",
    "header": "Société, mercredi 29 mai 2019 512 mots, p. 4",
    "byline": '<div class="docAuthors">Jeanne Meunier</div>',
    "number": "news·20190529·ECA·0123",
}


def make_europresse_page(*articles: dict[str, str]) -> str:
    body = "".join(EUROPRESSE_ARTICLE.format(**EUROPRESSE_FIELDS | given) for given in articles)
    return f'<html><head><meta charset="utf-8"><title>Europresse</title></head><body>{body}</body></html>'


PROQUEST_LINE = "_" * 60
PROQUEST_ARTICLE = """
Document 1 of 2

May 29 riots: cameras return

Author: Miller, Jane

Publication info: Ashdown Examiner, Late Edition (East); Ashdown (UK) [Ashdown (UK)]29 May 2019: A.4.

http://search.proquest.com/docview/2230001?accountid=1

Abstract: Not the article.

Links: http://linker.example/?x

Full text: CORRECTION APPENDED

Location: the market square, where cameras return.

Subject: a question that councillors asked.

They will vote.

Subject: Cameras; Voting

Location: Ashdown

Title: May 29 riots: cameras return

Publication title: Ashdown Examiner, Late Edition (East); Ashdown (UK)

Pages: A.4

Publication date: May 29, 2019

Section: News

Publisher: Ashdown Press

Language of publication: English

ProQuest document ID: 2230001

Document URL: http://search.proquest.com/docview/2230001?accountid=1

Copyright: (c) 2019 Ashdown Press

Last updated: 2019-05-30

Database: Example Newsstream
"""
RIS = """TY  - NEWS
T1  - Cameras return
A1  - Miller, Jane
JF  - Ashdown Examiner; Ashdown (UK)
PY  - 2019
DA  - May 29
SP  - A4
LA  - English
AB  - Cameras are back.
N2  - Cameras return to the square.
TV - is not a tag, and neither is this line.

Councillors had asked.
UR  - https://www.proquest.com/docview/2230001?x=1
ER  -

TY  - NEWS
TI  - Fog
T2  - Harbour Courier
Y1  - 2019/05//
AB  - Fog came.
ER  -
TY  - NEWS
TI  - Nothing
ER  -
"""
FEED_STORY = "<p>Police in Ashdown have put cameras back&nbsp;on the square.</p><p>Councillors had asked.<br>Twice.</p>"
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Ashdown Examiner</title><atom:link href="https://examiner.example/feed" rel="self"/>
<language>en-GB</language><lastBuildDate>Thu, 30 May 2019 09:00:00 GMT</lastBuildDate>
<item><title>Cameras return &amp;amp; stay</title><link>https://examiner.example/1</link>
<media:title>A picture</media:title>
<media:content url="https://examiner.example/1.jpg"/><dc:creator>Jane Miller</dc:creator><category>Local</category>
<pubDate>Wed, 29 May 2019 12:27:00 +0100</pubDate><description>A teaser.</description>
<content:encoded><![CDATA[{story}]]></content:encoded></item>
<item><guid>https://examiner.example/2</guid><description>Only a teaser &lt;b&gt;here&lt;/b&gt;.</description></item>
<item><title>Nothing in it</title></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">Ashdown &amp;amp; District</title>
<entry><title>Cameras return</title><link rel="edit" href="https://examiner.example/e"/>
<link href="https://examiner.example/1"/><author><name>Jane Miller</name><email>jane@examiner.example</email></author>
<category term="Local"/><published>2019-05-29T12:27:00Z</published><updated>2019-05-30T07:31:00Z</updated>
<content type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>First.</p><p>Second, <em>longer</em>.</p></div></content>
</entry><entry><title>Taken over</title><updated>2019-06-01</updated>
<content type="html">&lt;p&gt;One.&lt;/p&gt;Two.</content>
<source><id>urn:x</id><title>Harbour Courier</title><updated>2019-06-01</updated></source></entry></feed>"""
WEB_PAGE = """<html><head><title>{title}</title><meta property="og:site_name" content="Ashdown Examiner">{head}</head>
<body><nav><a href="/">Home</a></nav><article><h1>{title}</h1>
<p>Police in Ashdown have put cameras back on the market square after a pause of two years, says José.</p>
<p>Councillors had asked for a consultation before any new deployment, to be held this spring.</p>
<p>Residents were divided: some welcomed the vans, others said that they would avoid the square.</p>
</article></body></html>"""
DATED = '<meta property="article:published_time" content="2019-05-29T12:27:00Z">'


def make_record(url: str, body: bytes, kind: str = "text/html", status: str = "200 OK", rec: str = "response") -> bytes:
    http = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    content = http + body if rec in ("response", "revisit") else body
    own = "application/http;msgtype=response" if rec in ("response", "revisit") else kind
    head = (
        f"WARC/1.0\r\nWARC-Type: {rec}\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        f"WARC-Target-URI: {url}\r\nWARC-Date: 2024-01-02T03:04:05Z\r\nContent-Type: {own}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"
