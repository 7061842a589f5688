// Keeps the figures of a newsletter that is on its way fresh. Without it, reloading the page does.
const place = document.querySelector("[data-issue-progress]");
const EVERY = 3000; // milliseconds

const state = () => place.querySelector("[data-issue-state]")?.dataset.issueState;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.issueProgress, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  if (!answer.ok || answer.redirected) return;
  const before = state();
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  place.innerHTML = await answer.text();
  if (focused) place.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  if (state() !== before) location.reload(); // the buttons beside the figures are others now
}

if (place) setInterval(() => refresh().catch(() => {}), EVERY);
