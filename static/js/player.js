// The player of a workshop: chapters lead into the video, and the browser remembers where its viewer stopped.
const player = document.querySelector("[data-workshop]");

if (player) {
  const KEY = `workshop-${player.dataset.workshop}`;
  const EDGE = 5; // seconds: so near the beginning or the end there is nothing to go on with
  const video = player.querySelector("video");
  const links = [...player.querySelectorAll("[data-at]")];
  const resume = player.querySelector(".player__resume");

  const remembered = () => {
    try {
      return Number(localStorage.getItem(KEY));
    } catch {
      return 0; // storage is off: the video starts at its beginning
    }
  };

  const remember = () => {
    const isWorthIt = video.currentTime > EDGE && video.currentTime < video.duration - EDGE;
    try {
      if (isWorthIt) localStorage.setItem(KEY, video.currentTime.toFixed(1));
      else localStorage.removeItem(KEY);
    } catch {
      // storage is off or full
    }
  };

  const goTo = (moment) => {
    video.currentTime = moment;
    video.play().catch(() => {}); // not allowed without a gesture: the viewer presses play
  };

  const goOn = () => {
    const moment = remembered();
    if (!(moment > EDGE && moment < video.duration - EDGE)) return;
    video.currentTime = moment;
    resume.hidden = false;
  };

  const showChapter = () => {
    const passed = links.filter((link) => Number(link.dataset.at) <= video.currentTime + 0.25);
    for (const link of links) link.removeAttribute("aria-current");
    passed.at(-1)?.setAttribute("aria-current", "true");
  };

  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab was asked for
      event.preventDefault();
      goTo(Number(link.dataset.at));
    });
  }
  resume.querySelector("button").addEventListener("click", () => {
    resume.hidden = true;
    goTo(0);
  });

  if (video.readyState >= 1) goOn();
  else video.addEventListener("loadedmetadata", goOn, { once: true });
  let last = 0;
  video.addEventListener("timeupdate", () => {
    showChapter();
    if (Math.abs(video.currentTime - last) < 2) return;
    last = video.currentTime;
    remember();
  });
  video.addEventListener("pause", remember);
  video.addEventListener("ended", remember);
}
