// Reading the paragraphs behind a number, and downloading the data behind a chart.
"use strict";

const dialog = document.getElementById("reading");

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// The place in the lottery up to which all members of a cell are in the page: that of its k-th, or beyond the
// last where the cell has no more than k.
function findThreshold(members, count, k) {
  if (count <= k || members.length < k) return Infinity;
  return k > 0 ? members[k - 1] : -1;
}

// The paragraphs drawn by lot for outlets, years, a label and maybe a voice: all members of the selection that
// the page holds completely, so that each paragraph of the selection had the same chance. `of` is their number.
function drawSample(outlets, years, label, voice) {
  const holds = (paragraph) => paragraph.held.some((held) => held.label === label);
  const inYears = (paragraph) => years === null || years.includes(paragraph.year);
  const places = data.samples.map((_, place) => place).filter((place) => holds(data.samples[place]));
  const where = (test) => places.filter((place) => test(data.samples[place]));
  const counts = [...cells.values()].filter((cell) => cell.label === label && cell.held !== null
    && outlets.includes(cell.outlet) && (years === null || years.includes(cell.year)));
  const smallest = (values) => Math.min(Infinity, ...values);
  const inCell = (cell) => where((p) => p.outlet === cell.outlet && p.year === cell.year);
  let complete = smallest(counts.map((cell) => findThreshold(inCell(cell), cell.held, data.drawn.year)));
  if (years === null) complete = Math.max(complete, smallest(outlets.map((outlet) => findThreshold(
    where((p) => p.outlet === outlet),
    counts.reduce((sum, cell) => sum + (cell.outlet === outlet ? cell.held : 0), 0), data.drawn.outlet))));
  if (years === null && voice !== null && outlets.length === data.outlets.length) {
    const members = where((p) => p.voice === voice);
    complete = Math.max(complete, findThreshold(members, Infinity, data.drawn.outlet));
  }
  const members = where((p) => outlets.includes(p.outlet) && inYears(p) && (voice === null || p.voice === voice));
  return {
    paragraphs: members.filter((place) => place <= complete).map((place) => data.samples[place]),
    of: voice === null ? counts.reduce((sum, cell) => sum + cell.held, 0) : null,
  };
}

function makeText(text, words) {
  const quote = make("blockquote", null);
  if (text === null) return make("p", "The run keeps no texts.");
  const characters = Array.from(text);
  let start = 0;
  for (const [first, last] of words || []) {
    if (last > characters.length) break;
    quote.append(characters.slice(start, first).join(""), make("mark", characters.slice(first, last).join("")));
    start = last;
  }
  quote.append(characters.slice(start).join(""));
  return quote;
}

function makeParagraph(paragraph, label) {
  const article = make("article", null);
  const heading = make("h3", paragraph.title);
  const held = paragraph.held.find((each) => each.label === label);
  const facts = [data.outlets[paragraph.outlet], paragraph.published || "no date",
    `probability ${showShare(held.probability)}`];
  if (paragraph.sentiment) facts.push(paragraph.sentiment);
  if (paragraph.voice !== null) facts.push(`voice: ${data.voices[paragraph.voice].title.toLowerCase()}`);
  const line = make("small", `${facts.join(" · ")} · `);
  if (paragraph.url) line.append(make("a", "article", { href: paragraph.url, rel: "noreferrer noopener",
    target: "_blank", "aria-label": `Article “${paragraph.title}”, in a new window` }), " · ");
  line.append(make("code", paragraph.id));
  const source = make("p", null);
  source.append(line);
  article.append(heading, source, makeText(paragraph.text, held.words));
  if (held.words) {
    const without = make("p", null);
    without.append(make("small", `Without the marked words the model gives ${showShare(held.without)}.`));
    article.append(without);
  }
  return article;
}

function describeSample(sample, shown) {
  const drawn = count(shown, "paragraph");
  if (!shown) return "No paragraph that holds this frame is in the page.";
  if (sample.of === null) return `${drawn}, drawn by lot from those that hold the frame in this voice.`;
  return sample.of === shown ? `${drawn}: all that hold the frame.`
    : `${drawn}, drawn by lot from the ${sample.of.toLocaleString("en")} that hold the frame.`;
}

function describeMarks(shown, label) {
  const missing = shown.filter((paragraph) => !paragraph.held.find((held) => held.label === label).words).length;
  if (!missing) return "";
  return missing < shown.length ? "Words are marked in some of them." : `No words are marked: ${data.reason || "no single words make the difference"}.`;
}

// Opens the paragraphs behind a number; `found` is what the table shows there, `years` null for all of them.
function readParagraphs({ outlet, label, voice = null, years, found, show }) {
  const outlets = outlet === WHOLE ? data.outlets.map((_, place) => place) : [outlet];
  const sample = drawSample(outlets, years, label, voice);
  const shown = sample.paragraphs.slice(0, data.drawn.shown);
  const title = [outlet === WHOLE ? "All outlets" : data.outlets[outlet], data.labels[label].title,
    ...(voice === null ? [] : [data.voices[voice].title]),
    years === null ? "all years" : years.length === 1 ? `${years[0]}` : `${years[0]} to ${years[years.length - 1]}`];
  document.getElementById("reading-title").textContent = title.join(" · ");
  const body = document.getElementById("reading-body");
  const interval = found.articles > 1 && found.low !== null ? ` (95% interval ${show(found.low)} to ${show(found.high)})` : "";
  body.replaceChildren(
    make("p", `${show(found.value)}${interval}; ${count(found.articles, "article")}. `
      + `How it was made: ${describeMethod(found.cell)}.`),
    make("p", `${describeSample(sample, shown.length)} ${describeMarks(shown, label)}`), ...shown.map((paragraph) => makeParagraph(paragraph, label)));
  dialog.showModal();
  dialog.scrollTop = 0;
  document.getElementById("reading-title").focus();
}

function openCell(name, row, column) {
  const table = tables[name];
  const [outlet, label, voice = null] = table.at(row, column);
  const single = name === "speakers" && filters.outlets.size === 1 ? [...filters.outlets][0] : outlet;
  const years = name === "speakers" || allYears() ? null : chosenYears();
  readParagraphs({ outlet: single, label, voice, years, found: table.find(row, column), show: table.show });
}

// Makes a table's numbers buttons, one of which the tab key reaches; arrow keys lead to the others.
function makeButtons(element) {
  for (const span of element.querySelectorAll("td span.cell")) {
    const button = make("button", null, { type: "button", tabindex: "-1", "aria-haspopup": "dialog" });
    button.append(...span.childNodes);
    span.replaceWith(button);
  }
  element.querySelector("td button")?.setAttribute("tabindex", "0");
  element.addEventListener("click", (event) => {
    const td = event.target.closest("td");
    if (!td || !event.target.closest("button") || td.classList.contains("none")) return;
    openCell(element.dataset.table, +td.parentElement.dataset.row, +td.dataset.column);
  });
  element.addEventListener("keydown", (event) => moveFocus(event, element));
}

function moveFocus(event, element) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const from = event.target.closest("td");
  if (!step || !from) return;
  event.preventDefault();
  const visible = (nodes) => [...nodes].filter((node) => !node.hidden);
  const lines = visible(element.querySelectorAll("tbody tr"));
  const columns = visible(from.parentElement.querySelectorAll("td"));
  const line = lines[lines.indexOf(from.parentElement) + step[0]];
  const place = columns.indexOf(from) + step[1];
  const to = line && visible(line.querySelectorAll("td"))[place]?.querySelector("button");
  if (!to) return;
  for (const button of element.querySelectorAll("td button[tabindex='0']")) button.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

// A value as it stands in the written tables: what a spreadsheet would run as a formula gets an apostrophe.
function writeValue(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : `${+value.toFixed(5)}`;
  const safe = /^'*[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const nameOutlet = (outlet) => outlet === WHOLE ? "(all outlets)" : data.outlets[outlet];
const nameLabel = (label) => label === WHOLE ? "(any)" : data.labels[label].key;

function listCells(pairs, names) {
  return pairs.filter(Boolean).map((cell) => [nameOutlet(cell.outlet), cell.year === ALL_YEARS ? "all" : cell.year,
    nameLabel(cell.label), ...names.map((name) => name === "method" ? describeMethod(cell) : cell[name])]);
}

const SHARES = ["articles", "paragraphs", "share", "low", "high", "method", "articles_with"];
const TONES = ["articles", "sentiment", "sentiment_low", "sentiment_high", "method"];
const chosenOutlets = () => [WHOLE, ...filters.outlets];
const cross = (first, second, find) => first.flatMap((one) => second.map((two) => find(one, two)));

const downloads = {
  shares: () => [["outlet", "year", "label", ...SHARES],
    listCells(cross(chosenOutlets(), [...filters.labels], findCell), SHARES)],
  years: () => [["outlet", "year", "label", ...SHARES],
    listCells([...cells.values()].filter((cell) => cell.outlet !== WHOLE && filters.outlets.has(cell.outlet)
      && filters.labels.has(cell.label) && chosenYears().includes(cell.year)), SHARES)],
  sentiment: () => [["outlet", "year", "label", ...TONES],
    listCells(cross(chosenOutlets(), [WHOLE, ...filters.labels], findCell), TONES)],
  speakers: () => [["outlet", "label", "voice", "articles", "share", "low", "high", "method"],
    cross([...filters.labels], data.voices.map((_, place) => place), findSpeaker).filter(Boolean).map((s) => [
      nameOutlet(s.outlet), nameLabel(s.label), data.voices[s.voice].key, s.articles, s.share, s.low, s.high,
      data.methods[s.method]])],
};

function download(name) {
  const [header, rows] = downloads[name]();
  const text = [header, ...rows].map((row) => row.map(writeValue).join(",")).join("\n");
  const url = URL.createObjectURL(new Blob([text, "\n"], { type: "text/csv" }));
  make("a", null, { href: url, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

document.querySelectorAll("table.heat").forEach(makeButtons);
for (const button of document.querySelectorAll("[data-download]"))
  button.addEventListener("click", () => download(button.dataset.download));
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
