"use strict";
// Narrows the matrix down; without it everything is shown.
(() => {
  const query = document.getElementById("q");
  const differing = document.getElementById("differing");
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll("#matrix tbody tr")];
  const texts = rows.map((row) => row.firstElementChild.textContent.toLowerCase());
  function narrow() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, at) => {
      const stays = (!differing.checked || row.hasAttribute("data-differs")) && words.every((word) => texts[at].includes(word));
      row.hidden = !stays;
      left += stays ? 1 : 0;
    });
    shown.textContent = `${left} of ${rows.length} rules`;
  }
  query.form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", narrow);
  differing.addEventListener("change", narrow);
  narrow();
})();
