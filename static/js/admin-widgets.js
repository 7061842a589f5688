// Starts Wagtail's widgets from the data that clinic/widgets.py leaves in a page, in place of scripts between its tags.
// Only these begin, so whoever manages to write into a page of the admin still runs nothing.
const WIDGETS = new Set([
  "initDateChooser",
  "initTimeChooser",
  "initDateTimeChooser",
  "createTaskChooser",
  "Chooser",
  "PageChooser",
  "ImageChooser",
  "DocumentChooser",
  "SnippetChooser",
  "InlinePanel",
  "MultipleChooserPanel",
]);
const START = "script[data-widget]";

const start = (place) => {
  const { widget, element } = place.dataset;
  place.remove(); // a panel that is moved must not begin again
  if (!WIDGETS.has(widget)) return;
  const options = JSON.parse(place.textContent);
  new window[widget](...(element ? [element, options] : [options]));
};

const startIn = (node) => {
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  if (node.matches(START)) start(node);
  else node.querySelectorAll(START).forEach(start);
};

startIn(document.documentElement);
new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(startIn))).observe(
  document.documentElement,
  { childList: true, subtree: true },
);
