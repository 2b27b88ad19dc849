// Touching a day's number puts its date into the forms below, and goes there.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.day");
  if (!button) return;
  const day = button.closest("[data-day]").dataset.day;
  document.querySelector("#once [name=date]").value = day;
  document.querySelector("#different [name=day]").value = day;
  document.querySelector("#once").scrollIntoView({block: "end"});
  document.querySelector("#once [name=practitioner]").focus({preventScroll: true});
});
