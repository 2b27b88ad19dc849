// A waiting-area board: asks for what has changed, shows it, and speaks new calls. What a screen shows when it is switched
// on was called before, and is not spoken again.
"use strict";

const PERIOD = 400;          // ms between two questions: the answer is mostly "nothing new", which costs one query
const ANEW = 30000;          // ms after which it is asked anew: estimates change without a call
const PATIENCE = 5000;       // ms without an answer before the board says so

const board = document.getElementById("board");
let version = "";
let spoken = null;           // ticket -> times called
let whole = 0;
let heard = Date.now();

async function look() {
  const known = Date.now() - whole > ANEW ? "" : version;
  const answer = await fetch(`${document.body.dataset.state}?version=${encodeURIComponent(known)}`,
                             {cache: "no-store", signal: AbortSignal.timeout(PATIENCE)});
  if (answer.status === 200) {
    board.innerHTML = await answer.text();
    version = answer.headers.get("X-Version");
    whole = Date.now();
    speak();
  } else if (answer.status !== 204) {
    throw new Error(String(answer.status));
  }
  heard = Date.now();
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
  try {
    await look();
  } catch {
    // asked again in a moment
  }
  document.getElementById("lost").hidden = Date.now() - heard < PATIENCE;
  const now = new Date();
  document.getElementById("time").textContent =
    `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
  setTimeout(live, PERIOD);
}

live();
