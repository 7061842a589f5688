// Reads {name: HTML, …} and writes {name: [a line for each place where it is not valid]}.
import { readFileSync } from "node:fs";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const config = {
  extends: ["html-validate:standard", "html-validate:document", "html-validate:a11y"],
  rules: {
    // Files of our own come from where the page comes from: who could change them could change the page.
    "require-sri": ["error", { target: "crossorigin" }],
    // The summary of what is wrong in a form stands above the heading, with a heading of its own, as on GOV.UK.
    "heading-level": ["error", { minInitialRank: "h2" }],
    // A note beside the text, within a section and without a name, is no landmark (HTML-AAM); the rule counts it as one.
    "unique-landmark": "off",
    // A button without a type sends its form (HTML), which is what a button in a form of ours is for.
    "no-implicit-button-type": "off",
    // Django's own list of choices names the field in the label that it also puts around it.
    "no-redundant-for": "off",
    // A table that is laid out as cards on a phone is no table to Chromium any more, but for its roles.
    "no-redundant-role": "off",
  },
};
const ofMails = {
  ...config.rules,
  // Outlook lays out by tables, and by their attributes.
  "no-deprecated-attr": "off",
  // Of all elements, webmail keeps this role on a `div` alone.
  "prefer-native-element": "off",
};
if (process.argv.includes("mails")) config.rules = ofMails;
const validator = new HtmlValidate(new StaticConfigLoader(config));
const answer = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const { results } = await validator.validateString(html, name);
  answer[name] = results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line, selector }) => `${ruleId}: ${message} (line ${line}, ${selector})`),
  );
}
console.log(JSON.stringify(answer));
