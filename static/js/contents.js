// The list of contents shows which section is being read.
const links = new Map(
  [...document.querySelectorAll(".contents__link[href^='#']")].map((link) => [link.hash.slice(1), link]),
);
const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);

if (headings.length) {
  const observer = new IntersectionObserver(
    () => {
      const passed = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 2);
      for (const link of links.values()) link.removeAttribute("aria-current");
      if (passed.length) links.get(passed.at(-1).id).setAttribute("aria-current", "true");
    },
    { rootMargin: "0px 0px -50%" },
  );
  for (const heading of headings) observer.observe(heading);
}
