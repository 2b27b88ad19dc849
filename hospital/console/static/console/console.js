// What every page does: a dead session sends to the log-in page (htmx follows HX-Redirect of any answer), and what a
// refused request says is shown instead of being swallowed.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answer = event.detail.xhr;
  if (answer.status === 409 || answer.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A desk with a scanner: what is read next takes the place of what was asked for before.
document.addEventListener("htmx:afterRequest", () => document.querySelector("input[autofocus]")?.select());
