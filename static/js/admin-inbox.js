// Moves the focus along the leads of a list. The keys act only while one of them has it: nobody presses J by accident.
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

const move = (event) => {
  const rows = [...event.currentTarget.querySelectorAll(".clinic-row")];
  const at = rows.indexOf(event.target.closest(".clinic-row"));
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const places = { Home: 0, End: rows.length - 1 };
  const to = event.key in STEPS ? at + STEPS[event.key] : places[event.key];
  if (to === undefined) return;
  event.preventDefault();
  rows[Math.min(Math.max(to, 0), rows.length - 1)].focus();
};

for (const list of document.querySelectorAll("[data-lead-list]")) {
  list.addEventListener("keydown", move);
}

// Beside a card the list shows where that card is.
document.querySelector(".clinic-desk__list [aria-current]")?.scrollIntoView({ block: "nearest" });
