// Makes a passkey, or signs in with one. A form with data-passkey holds the field `credential` for what the browser
// answers; what to ask it stands in the page, or at the address of data-passkey-options.

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const identified = (list = []) => list.map((item) => ({ ...item, id: bytes(item.id) }));

const answerOf = (response) =>
  Object.fromEntries(
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
      .filter((name) => response[name])
      .map((name) => [name, text(response[name])]),
  );

async function optionsOf(form) {
  const address = form.dataset.passkeyOptions;
  if (!address) return JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).request_options.publicKey;
}

const ways = {
  async get(options) {
    const asked = { ...options, challenge: bytes(options.challenge) };
    return navigator.credentials.get({
      publicKey: { ...asked, allowCredentials: identified(options.allowCredentials) },
    });
  },
  async create(options) {
    const asked = { ...options, challenge: bytes(options.challenge) };
    const user = { ...options.user, id: bytes(options.user.id) };
    const selection = { ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true };
    const known = identified(options.excludeCredentials);
    return navigator.credentials.create({
      publicKey: { ...asked, user, excludeCredentials: known, authenticatorSelection: selection },
    });
  },
};

async function ask(form) {
  const credential = await ways[form.dataset.passkey](await optionsOf(form));
  form.elements.credential.value = JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: answerOf(credential.response),
  });
  form.submit();
}

const FAULTS = {
  InvalidStateError: "This device has a passkey for you already.",
  NotAllowedError: "That did not work, or it was called off. Try again, or take another way.",
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = form.querySelector("[data-passkey-fault]");
    fault.textContent = "";
    ask(form).catch((error) => (fault.textContent = FAULTS[error.name] ?? FAULTS.NotAllowedError));
  });
}
