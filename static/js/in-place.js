// A short form is answered where it stands: the page that its post leads to is fetched, and only the answer is shown.
const put = (place, answer, focused) => {
  place.replaceWith(answer);
  (focused ?? answer).focus();
};

const send = async (form) => {
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const answer = page.querySelector("[data-answer]");
  if (answer) return put(form.closest("[data-asks]") ?? form, answer); // a question goes with its form
  const again = page.querySelector("main form[data-in-place]");
  const wrong = again.querySelector("[aria-invalid=true]");
  if (wrong) return put(form, again, wrong);
  const summary = page.querySelector("main .error-summary"); // nothing is wrong with it, but it could not be stored
  again.prepend(summary);
  return put(form, again, summary);
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-in-place]")) return;
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  // Offline, or an answer that is none of ours: the browser sends the form itself, and says what is wrong.
  send(form).catch(() => form.submit());
});
