// A waiting-area board: is told what has changed, shows it, and speaks new calls. What a screen shows when it is switched
// on was called before, and is not spoken again. Where nobody tells it anything it asks, until somebody does.
"use strict";

const PERIOD = 1500;         // ms between two questions: the answer is mostly "nothing new", which costs one query
const ANEW = 30000;          // ms after which it is asked anew: estimates change without a call
const PATIENCE = 5000;       // ms without an answer before the board says so
const SILENCE = 12000;       // ms without a word, not even a breath, after which the line is dead
const LEAF = {queue: 8, department: 16};     // so many at once: more of them take turns
const SINGLE = {queue: 6, department: 8};    // so many below one another; more stand in two columns
const TURN = 10000;          // ms that each leaf is seen
const RETRY = [2000, 30000]; // ms until the line is tried again: first, and at most

const board = document.getElementById("board");
let line = null;             // the EventSource
let told = 0;                // when the line was last heard; 0 while it is not up
let retry = RETRY[0];
let version = "";
let spoken = null;           // ticket -> times called
let whole = 0;
let heard = Date.now();
let leaf = 0;
let turned = Date.now();

function listen() {
  if (!document.body.dataset.line) return;
  line = new EventSource(document.body.dataset.line);
  line.onmessage = (event) => {
    show(event.data, "");
    word();
    retry = RETRY[0];
  };
  line.addEventListener("breath", word);
  line.onerror = cut;
}

function word() {
  told = heard = Date.now();
  document.body.dataset.by = "line";
}

// All boards lose their line at once when the server is started anew; they do not come back at once.
function cut() {
  line.close();
  line = null;
  told = 0;
  document.body.dataset.by = "asking";
  setTimeout(listen, retry * (0.75 + Math.random() / 2));
  retry = Math.min(2 * retry, RETRY[1]);
}

async function ask() {
  const known = Date.now() - whole > ANEW ? "" : version;
  const answer = await fetch(`${document.body.dataset.state}?version=${encodeURIComponent(known)}`,
                             {cache: "no-store", signal: AbortSignal.timeout(PATIENCE)});
  if (answer.status === 200) {
    const state = await answer.text();
    if (told) return;                                // the line came up meanwhile, and knows better
    show(state, answer.headers.get("X-Version"));
    whole = Date.now();
  } else if (answer.status !== 204) {
    throw new Error(String(answer.status));
  }
  heard = Date.now();
}

function show(state, of) {
  board.innerHTML = state;
  version = of;
  speak();
  lay();
}

// Everything is on the screen, or has its turn; what was called just now is on it at once. Names that are longer than their
// place are written smaller, never cut.
function lay() {
  const parts = [...board.querySelectorAll("[data-part]")];
  const kind = parts.length ? parts[0].classList[0] : "queue";
  const leaves = Math.max(1, Math.ceil(parts.length / LEAF[kind]));
  const each = Math.ceil(parts.length / leaves);
  const fresh = parts.findIndex((part) => part.querySelector(".fresh"));
  if (fresh >= 0) [leaf, turned] = [Math.floor(fresh / each), Date.now()];
  leaf %= leaves;
  parts.forEach((part, at) => { part.hidden = Math.floor(at / each) !== leaf; });
  board.dataset.columns = Math.min(each, parts.length) > SINGLE[kind] ? "2" : "1";
  document.getElementById("leaf").textContent = leaves > 1 ? `${leaf + 1} / ${leaves}` : "";
  for (const line of board.querySelectorAll("h2, .doctor, .call")) {
    line.style.setProperty("--fit", "1");
    const inside = line.firstElementChild;
    const style = getComputedStyle(line);
    const room = line.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (inside && inside.offsetWidth > room) line.style.setProperty("--fit", String(room / inside.offsetWidth));
  }
}

function speak() {
  const before = spoken;
  spoken = new Map();
  for (const call of board.querySelectorAll("[data-ticket]")) {
    const {ticket, times, said} = call.dataset;
    spoken.set(ticket, Number(times));
    if (before && Number(times) > (before.get(ticket) || 0)) {
      call.classList.add("fresh");
      if ("speechSynthesis" in window) {
        const words = new SpeechSynthesisUtterance(said);
        words.lang = document.documentElement.lang === "en" ? "en-GB" : "zh-CN";
        words.rate = 0.9;
        window.speechSynthesis.speak(words);
      }
      document.dispatchEvent(new CustomEvent("said", {detail: said}));
    }
  }
}

async function live() {
  if (told && Date.now() - told > SILENCE) cut();
  if (!told) {
    try {
      await ask();
    } catch {
      // asked again in a moment
    }
  }
  document.getElementById("lost").hidden = Date.now() - heard < (told ? SILENCE : PATIENCE);
  if (Date.now() - turned > TURN) {
    [leaf, turned] = [leaf + 1, Date.now()];
    board.querySelectorAll(".fresh").forEach((call) => call.classList.remove("fresh"));
    lay();
  }
  const now = new Date();
  document.getElementById("time").textContent =
    `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
  setTimeout(live, PERIOD);
}

addEventListener("resize", lay);
listen();
live();
