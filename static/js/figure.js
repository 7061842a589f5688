// A drawing moves only while it is in sight: what moves unseen keeps a phone's processor busy.
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.classList.toggle("figure__views--away", !isIntersecting);
  }
});
for (const views of document.querySelectorAll(".figure__views")) observer.observe(views);
