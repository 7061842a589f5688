// Reads {name: HTML, …} and writes {name: {what is used: [mail programs that do not know it]}}.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const answer = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const found = (answer[name] = {});
  for (const [program, faults] of caniemail({ clients: ["*"], html }).issues.errors) {
    for (const title of new Set(faults.map((fault) => fault.title))) (found[title] ??= []).push(program);
  }
}
console.log(JSON.stringify(answer));
