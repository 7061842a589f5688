// In a flood of forms each is sent with a proof that its browser worked for it. The site is asked when somebody begins
// to fill one in, and the work is done while they type. A form that has none is kept all the same: nothing here may
// stand in its way.
const FORM = "form:has([name=web_page])"; // what strangers send
const PATIENCE = 3000; // ms for which a form waits for its proof
const NONE_NEEDED = 30_000; // ms for which that answer stands: a flood may come
const GOOD = 300_000; // ms; the site takes a proof for twice as long

let proof = "";
let goodUntil = 0;
let work; // while it is done

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

const derive = async ({ nonce, salt, cost, keyLength }, counter) => {
  const password = new Uint8Array(20);
  password.set(bytes(nonce));
  new DataView(password.buffer).setUint32(16, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const options = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  return hex(await crypto.subtle.deriveBits(options, key, 8 * keyLength));
};

const find = async () => {
  const challenge = await (await fetch("/proof/")).json();
  if (!challenge.parameters) return "";
  for (let counter = 0; ; counter++) {
    const derivedKey = await derive(challenge.parameters, counter);
    if (derivedKey.startsWith(challenge.parameters.keyPrefix))
      return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
  }
};

const begin = () => {
  if (work || Date.now() < goodUntil) return;
  proof = "";
  work = find()
    .catch(() => "") // offline, or a browser that may not compute here
    .then((found) => {
      proof = found;
      goodUntil = Date.now() + (found ? GOOD : NONE_NEEDED);
      work = undefined;
    });
};

for (const name of ["focusin", "input"])
  document.addEventListener(name, (event) => {
    if (event.target.closest(FORM)) begin();
  });

let waiting;
let released;
document.addEventListener(
  "submit",
  async (event) => {
    const { target: form, submitter } = event;
    if (!form.matches(FORM) || form === released) return;
    begin();
    if (!work) return;
    event.preventDefault();
    event.stopPropagation();
    if (form === waiting) return; // a second click
    waiting = form;
    await Promise.race([work, new Promise((done) => setTimeout(done, PATIENCE))]);
    waiting = undefined;
    released = form;
    form.requestSubmit(submitter);
    released = undefined;
  },
  true,
);

// Fired whoever sends the form, and however. A proof counts once; the next form needs another.
document.addEventListener("formdata", (event) => {
  if (!proof || !event.target.matches(FORM)) return;
  event.formData.set("proof", proof);
  goodUntil = 0;
});
