// The week is edited by dragging: with the mouse, a pen or a finger (pointer events, so one way for all). Ctrl copies.
// Whoever does not drag opens a card and uses its form, which does the same.
"use strict";

const REACH = 6;             // px a pointer moves before a touch is a drag
let drag = null;

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest("[data-place]");
  if (!card || event.button !== 0 || event.target.closest("form")) return;
  drag = {card, x: event.clientX, y: event.clientY, ghost: null};
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  if (!drag.ghost) {
    if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < REACH) return;
    drag.ghost = drag.card.querySelector("summary").cloneNode(true);
    drag.ghost.className = "ghost";
    document.body.append(drag.ghost);
    drag.card.classList.add("dragged");
  }
  event.preventDefault();
  drag.ghost.style.left = `${event.clientX + 8}px`;
  drag.ghost.style.top = `${event.clientY + 8}px`;
  drag.ghost.dataset.copy = event.ctrlKey ? "1" : "";
  mark(cellAt(event));
});

document.addEventListener("pointerup", (event) => {
  if (!drag) return;
  const {card, ghost} = drag;
  const cell = cellAt(event);
  const dragged = Boolean(ghost);
  forget();
  if (!dragged) return;
  // The click that follows would open the card.
  document.addEventListener("click", (click) => click.preventDefault(), {capture: true, once: true});
  if (!cell || (cell === card.closest("td") && !event.ctrlKey)) return;
  const values = {weekday: cell.dataset.weekday, half: cell.dataset.half};
  if (event.ctrlKey) values.copy = "1";
  htmx.ajax("POST", card.dataset.place, {values, target: "#week", source: card});
});

document.addEventListener("pointercancel", forget);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") forget(); });
document.addEventListener("dragstart", (event) => event.preventDefault());

function cellAt(event) {
  const below = document.elementFromPoint(event.clientX, event.clientY);
  return below && below.closest("td[data-weekday]");
}

function mark(cell) {
  document.querySelectorAll("td.over").forEach((one) => one.classList.remove("over"));
  if (cell) cell.classList.add("over");
}

function forget() {
  if (!drag) return;
  mark(null);
  drag.card.classList.remove("dragged");
  if (drag.ghost) drag.ghost.remove();
  drag = null;
}
