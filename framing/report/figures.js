// Draws the figures anew, by the same specification, where a filter or a pointer asks for it.
"use strict";

const spec = document.getElementById("spec") ? readJson("spec") : null;
const outdated = new Set();
let seen = null;

function loadLibrary() {
  if (window.vegaEmbed) return;
  const script = document.createElement("script");
  script.textContent = document.getElementById("library").textContent;
  document.head.append(script);
}

function listDrawn() {
  const articles = (outlet) => cells.get(`${outlet}|${ALL_YEARS}|0`)?.articles || 0;
  const largest = [...filters.outlets].sort((a, b) => articles(b) - articles(a)).slice(0, data.panels);
  return [...filters.outlets].filter((outlet) => largest.includes(outlet));
}

function listPoints(label, outlets) {
  const points = [];
  for (const outlet of outlets) for (let year = filters.first; year <= filters.last; year += 1) {
    const cell = cells.get(`${outlet}|${year}|${label}`);
    const several = cell && cell.articles > 1;
    points.push({ outlet: data.outlets[outlet], place: outlet, year, share: cell ? cell.share : null,
      low: several ? cell.low : null, high: several ? cell.high : null, articles: cell ? cell.articles : 0 });
  }
  return points;
}

function makeSpec(label) {
  const outlets = listDrawn();
  const points = listPoints(label, outlets);
  const values = points.flatMap((point) => [point.share, point.high]).filter((value) => value !== null);
  const made = structuredClone(spec);
  made.data.values = points;
  made.facet.sort = outlets.map((outlet) => data.outlets[outlet]);
  const settings = { first: filters.first, last: filters.last, top: Math.max(0, ...values) || 1 };
  for (const param of made.params) param.value = settings[param.name];
  return made;
}

function openPoint(label, point) {
  const cell = cells.get(`${point.place}|${point.year}|${label}`);
  readParagraphs({ outlet: point.place, label, years: [point.year], found: pick(cell, "share", "low", "high"),
    show: showShare });
}

async function drawFigure(figure) {
  outdated.delete(figure);
  loadLibrary();
  const label = +figure.dataset.label;
  const chart = figure.querySelector(".chart > div");
  const { view } = await window.vegaEmbed(chart, makeSpec(label),
    { actions: false, renderer: "svg", ast: true, tooltip: { theme: matchMedia("(prefers-color-scheme: dark)").matches
      ? "dark" : "light" } });
  view.addEventListener("click", (_, item) => { if (item?.datum?.articles) openPoint(label, item.datum); });
  figure.dataset.live = "";
}

function drawOutdated() {
  for (const figure of [...outdated]) if (!figure.hidden && seen.has(figure)) drawFigure(figure);
}

function watchFigures() {
  const figures = [...document.querySelectorAll("figure[data-label]")];
  seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? seen.add(target) : seen.delete(target);
    drawOutdated();
  }, { rootMargin: "200px" });
  for (const figure of figures) {
    watcher.observe(figure);
    figure.addEventListener("pointerenter", () => { if (!("live" in figure.dataset)) drawFigure(figure); });
  }
  document.addEventListener("filtered", () => {
    for (const figure of figures) outdated.add(figure);
    drawOutdated();
  });
}

if (spec) watchFigures();
