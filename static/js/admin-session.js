// Keeps a session alive while somebody is at work on the page, warns before it ends, and after its end lets nothing
// that was typed be sent into the void: signing in again in another tab makes the page good again.
const script = document.querySelector("script[data-session]");
const EVERY = 15000; // milliseconds between two looks at the clock
const WARN = 120; // seconds before the end
const RENEW = 60; // seconds between two renewals while somebody types

let endsAt = Infinity; // milliseconds, by this machine's clock
let total = 0;
let isActive = false;
let ask; // the question on the screen

const secondsLeft = () => (endsAt - Date.now()) / 1000;

async function renew(method) {
  const form = document.querySelector("input[name=csrfmiddlewaretoken]");
  const headers = form && method === "POST" ? { "X-CSRFToken": form.value } : {};
  const answer = await fetch(script.dataset.session, { method, headers });
  if (!answer.ok) return;
  const { seconds, token } = await answer.json();
  endsAt = Date.now() + seconds * 1000;
  total = Math.max(total, seconds);
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
}

function build() {
  const box = document.createElement("dialog");
  box.className = "clinic-session";
  box.setAttribute("aria-labelledby", "clinic-session-heading");
  box.innerHTML = `<h2 id="clinic-session-heading"></h2><p></p>
    <button class="button" type="button">Stay signed in</button>
    <a class="button" target="_blank">Sign in again in a new tab</a>`;
  box.querySelector("a").href = script.dataset.signIn;
  box.querySelector("button").addEventListener("click", () => renew("POST").then(show, show));
  document.body.append(box);
  return box;
}

function say(heading, words, isOver) {
  ask ??= build();
  ask.querySelector("h2").textContent = heading;
  ask.querySelector("p").textContent = words;
  ask.querySelector("button").hidden = isOver;
  ask.querySelector("a").hidden = !isOver;
  if (!ask.open) ask.showModal();
}

function show() {
  const left = secondsLeft();
  if (left > WARN) ask?.close();
  else if (left > 0) say("Are you still there?", "In two minutes you are signed out, because nothing happened here.", false);
  else say("You are signed out.", "All that you typed still stands here. Sign in again in a new tab, come back, and go on.", true);
}

async function look() {
  if (isActive && secondsLeft() > 0 && secondsLeft() < total - RENEW) await renew("POST");
  else if (secondsLeft() <= WARN) await renew("GET"); // another tab may have been busy
  isActive = false;
  show();
}

function hold(event) {
  if (secondsLeft() > 0) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  renew("GET").then(show, show);
}

for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => (isActive = true), { passive: true });
document.addEventListener("submit", hold, { capture: true });
document.addEventListener("visibilitychange", () => document.hidden || renew("GET").then(show, () => {}));
renew("GET").catch(() => {});
setInterval(() => look().catch(() => {}), EVERY);
