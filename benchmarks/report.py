"""Size of report.html and time to its first paint, with few and with many paragraphs behind it.

The runs are invented: articles of 20 paragraphs in words without meaning, 20 outlets, 10 years, eight
labels, nine voices. Chromium opens each report anew `--repeats` times without a window.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from framing.records import SENTIMENTS, hash_text
from framing.report import write_report

OUTLETS = 20
YEARS = 10
LABELS = tuple(f"frame_{number}" for number in range(8))
VOICES = tuple(f"voice_{number}" for number in range(9))
PARAGRAPHS_PER_ARTICLE = 20
WORDS_PER_PARAGRAPH = 45
"""About as many as in the project's demo corpus."""
_SEED = 0

_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
_LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
_FILTER = """async () => {
    const list = document.querySelector('select[name=first]');
    const start = performance.now();
    list.selectedIndex = 3;
    list.dispatchEvent(new Event('change', { bubbles: true }));
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a report took, in milliseconds from its start: first paint, all loaded, and then one filter."""

    paint: float
    loaded: float
    filtered: float


def write_run(run: Path, paragraphs: int) -> None:
    """Write an invented run of so many paragraphs to the new folder `run`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(_SEED)
    count = paragraphs // PARAGRAPHS_PER_ARTICLE
    (run / "paragraphs").mkdir(parents=True)
    pq.write_table(pa.table(_invent_articles(count)), run / "articles.parquet")
    pq.write_table(pa.table(_invent_paragraphs(count, rng)), run / "paragraphs" / "00000.parquet")
    manifest = {
        "version": "0",
        "command": ["framing", "score", "invented"],
        "created": "2026-01-01T00:00:00+00:00",
        "model": {
            "name": "invented",
            "digest": "0" * 64,
            "labels": [{"key": key, "title": key, "threshold": 0.5, "grade": "B", "f1": 0.7} for key in LABELS],
            "voices": list(VOICES),
        },
        "codebook": {"name": "invented", "version": "1", "digest": "0" * 64, "topic": "an invented topic"},
        "counts": {"articles": count, "skipped": {}},
        "problems": [],
    }
    (run / "run.json").write_text(json.dumps(manifest), encoding="utf-8")


def _invent_articles(count: int) -> dict[str, list[Any]]:
    places = range(count)
    published = [f"{2010 + place % YEARS}-06-01" for place in places]
    return {
        "article_id": [f"article-{place:06}" for place in places],
        "path": [f"{place:06}.txt" for place in places],
        "outlet": [f"Outlet {(place // YEARS) % OUTLETS:02}" for place in places],
        "published": published,
        "year": [int(date[:4]) for date in published],
        "title": [f"Invented title number {place}" for place in places],
        "url": [f"https://news.example/{place}" for place in places],
        "copy_group": [None if place % 10 else f"article-{place:06}" for place in places],
        "agency": ["Invented Press" if place % 50 == 0 else None for place in places],
    }


def _invent_paragraphs(articles: int, rng: np.random.Generator) -> dict[str, Any]:
    count = articles * PARAGRAPHS_PER_ARTICLE
    words = np.array(["".join(rng.choice(list("aeiouklmnprst"), size=6)) for _ in range(2000)])
    texts = [" ".join(row) + "." for row in words[rng.integers(0, len(words), (count, WORDS_PER_PARAGRAPH))]]
    probabilities = rng.beta(0.4, 2.0, (count, len(LABELS))).astype(np.float32)
    sentiment = rng.dirichlet((2, 4, 1), count).astype(np.float32)
    voices = rng.dirichlet((1,) * len(VOICES), count).astype(np.float32)
    places = [(place // PARAGRAPHS_PER_ARTICLE, place % PARAGRAPHS_PER_ARTICLE) for place in range(count)]
    return {
        "paragraph_id": [f"article-{article:06}:{position}" for article, position in places],
        "article_id": [f"article-{article:06}" for article, _ in places],
        "position": [position for _, position in places],
        "text": texts,
        "text_sha1": [hash_text(text) for text in texts],
        "dropped": np.full(count, None),
        "labels": [[LABELS[place] for place in np.flatnonzero(row >= 0.5)] for row in probabilities],
        "sentiment": [SENTIMENTS[place] for place in sentiment.argmax(axis=1)],
        "voice": [VOICES[place] for place in voices.argmax(axis=1)],
        **{f"p_{key}": probabilities[:, place] for place, key in enumerate(LABELS)},
        **{f"p_{key}": sentiment[:, place] for place, key in enumerate(SENTIMENTS)},
        **{f"voice_{key}": voices[:, place] for place, key in enumerate(VOICES)},
    }


def open_report(page: Path, repeats: int) -> Opening:
    """Return the median times of opening `page`."""
    from playwright.sync_api import sync_playwright

    openings = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        for _ in range(repeats):
            context = browser.new_context()
            tab = context.new_page()
            tab.goto(page.as_uri())
            openings.append([tab.evaluate(script) for script in (_PAINT, _LOADED, _FILTER)])
            context.close()
        browser.close()
    return Opening(*(statistics.median(values) for values in zip(*openings, strict=True)))


def main() -> None:
    """Print a line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000", help="numbers of paragraphs, with commas between")
    parser.add_argument("--repeats", type=int, default=5, help="how often each report is opened")
    arguments = parser.parse_args()
    print(f"{'paragraphs':>10}  {'written s':>9}  {'size MB':>7}  {'paint ms':>8}  {'loaded ms':>9}  {'filter ms':>9}")
    for size in map(int, arguments.sizes.split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_run(folder / "run", size)
            start = time.perf_counter()
            page = write_report(folder / "run", folder / "out", marks=0)[-1]
            seconds = time.perf_counter() - start
            opening = open_report(page, arguments.repeats)
            times = f"{opening.paint:8.0f}  {opening.loaded:9.0f}  {opening.filtered:9.0f}"
            print(f"{size:10,}  {seconds:9.1f}  {page.stat().st_size / 1e6:7.2f}  {times}")


if __name__ == "__main__":
    main()
