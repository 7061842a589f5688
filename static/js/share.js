// Copy, print and the browser's own share sheet, beside the plain links that need no script.
const share = document.querySelector(".share:has([data-copy])");

if (share) {
  const said = share.querySelector("[role=status]");
  const sheet = share.querySelector("[data-share]");
  const { share: url, title } = sheet.dataset;

  sheet.hidden = !navigator.canShare?.({ url, title });
  sheet.addEventListener("click", () => navigator.share({ url, title }).catch(() => {})); // closed by the reader

  share.querySelector("[data-copy]").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(url);
      said.textContent = "Copied.";
    } catch {
      said.textContent = url; // not allowed here: show it, so that it can be marked and copied
    }
  });

  share.querySelector("[data-print]").addEventListener("click", () => print());
}
