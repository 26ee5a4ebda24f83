// The page's data, what the filters chose, and the tables that follow them.
"use strict";

const readJson = (id) => JSON.parse(document.getElementById(id).textContent);
const data = readJson("data");
const WHOLE = -1;
const ALL_YEARS = 0;
const CELL = ["outlet", "year", "label", "articles", "paragraphs", "share", "low", "high", "method", "articles_with",
  "sentiment", "sentiment_low", "sentiment_high", "held"];
const SPEAKER = ["outlet", "label", "voice", "articles", "share", "low", "high", "method"];

const toObject = (names) => (row) => Object.fromEntries(names.map((name, place) => [name, row[place]]));
const cells = new Map(data.cells.map(toObject(CELL)).map((c) => [`${c.outlet}|${c.year}|${c.label}`, c]));
const speakers = new Map(data.speakers.map(toObject(SPEAKER)).map((s) => [`${s.outlet}|${s.label}|${s.voice}`, s]));

const form = document.querySelector("form.filters");
const firstYear = data.years[0];
const lastYear = data.years[data.years.length - 1];

function readFilters() {
  const checked = (name) => new Set([...form.querySelectorAll(`input[name=${name}]:checked`)].map((box) => +box.value));
  const grades = form.elements.grade.value;
  const labels = checked("labels");
  if (grades) for (const place of labels) if (!grades.includes(data.labels[place].grade || "?")) labels.delete(place);
  const [first, last] = form.elements.first ? [+form.elements.first.value, +form.elements.last.value] : [0, 0];
  return { outlets: checked("outlets"), labels, first: Math.min(first, last), last: Math.max(first, last) };
}
let filters = readFilters();

const allYears = () => filters.first === (firstYear || 0) && filters.last === (lastYear || 0);
const chosenYears = () => data.years.filter((year) => filters.first <= year && year <= filters.last);
const describeYears = () => allYears() ? "all years"
  : filters.first === filters.last ? `${filters.first}` : `${filters.first} to ${filters.last}`;

// Weighted means of independent estimates, and their intervals by the method of variance estimates recovery:
// Zou and Donner (2008), "Construction of confidence limits about effect measures", Statistics in Medicine 27:1693.
function combine(parts) {
  const known = parts.filter((part) => part.value !== null && part.weight > 0);
  const weight = known.reduce((sum, part) => sum + part.weight, 0);
  if (!weight) return { value: null, low: null, high: null };
  const mean = known.reduce((sum, part) => sum + part.weight * part.value, 0) / weight;
  if (known.some((part) => part.articles === 1)) return { value: mean, low: null, high: null };
  const reach = (end) => Math.sqrt(known.reduce((sum, p) => sum + (p.weight / weight * (p.value - p[end])) ** 2, 0));
  return { value: mean, low: mean - reach("low"), high: mean + reach("high") };
}

// The cell of an outlet and a label in the chosen years; its numbers are computed here only for some of the years.
function findCell(outlet, label) {
  if (allYears()) return cells.get(`${outlet}|${ALL_YEARS}|${label}`);
  const found = chosenYears().map((year) => cells.get(`${outlet}|${year}|${label}`)).filter(Boolean);
  if (found.length < 2) return found[0];
  const size = data.weighting === "article" ? "articles" : "paragraphs";
  const add = (name) => found.reduce((sum, cell) => sum + (cell[name] || 0), 0);
  const share = combine(found.map((c) => ({ value: c.share, low: c.low, high: c.high, articles: c.articles, weight: c[size] })));
  const tone = combine(found.map((c) => ({ value: c.sentiment, low: c.sentiment_low, high: c.sentiment_high, articles: c.articles,
    weight: c[size] * (c.share === null ? 1 : c.share) })));
  return { outlet, label, year: describeYears(), articles: add("articles"), paragraphs: add("paragraphs"),
    share: share.value, low: share.low, high: share.high, sentiment: tone.value, sentiment_low: tone.low,
    sentiment_high: tone.high, articles_with: add("articles_with"), held: add("held"), method: null };
}

function findSpeaker(label, voice) {
  const single = filters.outlets.size === 1 ? [...filters.outlets][0] : WHOLE;
  return speakers.get(`${single}|${label}|${voice}`);
}

const describeMethod = (cell) => cell.method === null
  ? "years combined (Zou and Donner 2008)" : data.methods[cell.method];

function showShare(value) {
  if (value > 0 && value < 0.005) return "<1%";
  return value >= 0.995 && value < 1 ? ">99%" : `${(100 * value).toFixed(0)}%`;
}
function showSentiment(value) {
  const text = Math.abs(value).toFixed(2);
  return text === "0.00" ? text : (value < 0 ? "−" : "+") + text;
}

// What each heat table shows in a row and column, and how.
const tables = {
  shares: {
    at: (row, column) => [row - 1, column],
    find: (row, column) => pick(findCell(row - 1, column), "share", "low", "high"),
    show: showShare, step: (value, top) => value / top, scale: "share", label: (row, column) => column,
  },
  sentiment: {
    at: (row, column) => [row - 1, column - 1],
    find: (row, column) => pick(findCell(row - 1, column - 1), "sentiment", "sentiment_low", "sentiment_high"),
    show: showSentiment, step: (value, top) => (value / top + 1) / 2, scale: "sentiment",
    label: (row, column) => column - 1,
  },
  speakers: {
    at: (row, column) => [WHOLE, row, column],
    find: (row, column) => pick(findSpeaker(row, column), "share", "low", "high"),
    show: showShare, step: (value, top) => value / top, scale: "speakers", label: (row) => row,
  },
};

function pick(cell, value, low, high) {
  return cell ? { value: cell[value], low: cell[low], high: cell[high], articles: cell.articles, cell }
    : { value: null, articles: 0 };
}

function describeInterval(table, low, high, articles) {
  if (articles === 1) return "1 article";
  return low === null ? "no interval" : `${table.show(low)} to ${table.show(high)}`;
}

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// What a row of the table of shares rests on in the chosen years.
function fillNote(line, row) {
  const note = line.querySelector("th small");
  const cell = findCell(row - 1, 0);
  if (note) note.textContent = `${count(cell?.articles || 0, "article")}, ${count(cell?.paragraphs || 0, "paragraph")}`;
}

function fillCell(td, table, row, column) {
  const { value, low, high, articles } = table.find(row, column);
  const known = value !== null && value !== undefined;
  const [number, interval] = [document.createElement("b"), document.createElement("small")];
  number.textContent = known ? table.show(value) : "–";
  interval.textContent = known ? describeInterval(table, low, high, articles) : "";
  td.firstElementChild.replaceChildren(...(known ? [number, " ", interval] : [number]));
  const step = known ? Math.max(0, Math.min(data.steps - 1, Math.floor(table.step(value, data.scales[table.scale]) * data.steps)))
    : null;
  td.className = (known ? `s${step}` : "none") + (known && articles < data.few ? " few" : "");
}

function showTable(name) {
  const element = document.querySelector(`table[data-table=${name}]`);
  if (!element) return;
  const table = tables[name];
  for (const line of element.querySelectorAll("tbody tr")) {
    const row = +line.dataset.row;
    line.hidden = name === "speakers" ? !filters.labels.has(row) : row > 0 && !filters.outlets.has(row - 1);
    if (name === "shares") fillNote(line, row);
    for (const td of line.querySelectorAll("td")) fillCell(td, table, row, +td.dataset.column);
  }
  if (name === "speakers") return;
  for (const cell of element.querySelectorAll("[data-column]")) {
    const label = table.label(0, +cell.dataset.column);
    cell.hidden = label >= 0 && !filters.labels.has(label);
  }
}

function hideOthers() {
  for (const element of document.querySelectorAll("main [data-label]")) {
    const outlets = (element.dataset.outlets || "").split(" ").filter(Boolean);
    const met = !outlets.length || outlets.some((place) => filters.outlets.has(+place));
    element.hidden = !filters.labels.has(+element.dataset.label) || !met;
  }
}

function sayFilters() {
  const size = (name, all) => filters[name].size === all ? "all" : `${filters[name].size} of ${all}`;
  const [outlets, labels] = [size("outlets", data.outlets.length), size("labels", data.labels.length)];
  form.querySelector("[data-count=outlets]").textContent = outlets;
  form.querySelector("[data-count=labels]").textContent = labels;
  form.querySelector("output").textContent = `Outlets: ${outlets}; frames: ${labels}; ${describeYears()}.`;
}

function applyFilters() {
  filters = readFilters();
  Object.keys(tables).forEach(showTable);
  hideOthers();
  sayFilters();
  document.dispatchEvent(new Event("filtered"));
}

function setBoxes(name, checked) {
  for (const box of form.querySelectorAll(`input[name=${name}]`)) box.checked = checked;
  applyFilters();
}

form.addEventListener("change", applyFilters);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(applyFilters));
for (const button of form.querySelectorAll("[data-all]"))
  button.addEventListener("click", () => setBoxes(button.dataset.all, true));
for (const button of form.querySelectorAll("[data-none]"))
  button.addEventListener("click", () => setBoxes(button.dataset.none, false));
document.addEventListener("click", (event) => {
  for (const open of form.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
});
form.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest("details[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});
for (const element of document.querySelectorAll(".script")) element.hidden = false;
