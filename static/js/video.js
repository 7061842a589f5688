// A click puts the player where the poster is. Before it, nothing is asked of the video's host.
for (const link of document.querySelectorAll("[data-player]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab was asked for
    event.preventDefault();
    const player = document.createElement("iframe");
    const address = new URL(link.dataset.player);
    address.searchParams.set("autoplay", "1");
    player.src = address;
    player.title = link.querySelector(".video__title").textContent;
    player.className = "video__player";
    player.allow = "autoplay; fullscreen; picture-in-picture";
    link.parentElement.replaceChildren(player);
    player.focus();
  });
}
