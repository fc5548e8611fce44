// Runs the site's own search outside of a browser. Reads {"root": …, "queries": […]}, {"texts": […]} or
// {"marks": [[text, words], …]} as JSON from the standard input; argument: the path of search-core.js.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const core = require(path.resolve(process.argv[2]));

function loader(root) {
  const held = new Map();
  return (name) => {
    if (!held.has(name)) {
      const source = fs.readFileSync(path.join(root, "search", name + ".js"), "utf8");
      vm.runInNewContext(source, { searchPart: (said, json) => held.set(said, Promise.resolve(JSON.parse(json))) });
    }
    return held.get(name);
  };
}

async function find({ root, queries }) {
  const index = await core.open(loader(root));
  const answers = [];
  for (const query of queries) {
    const begun = process.hrtime.bigint();
    const { total, results, shown, lacking } = await core.search(index, query);
    answers.push({
      total,
      lacking,
      addresses: results.map((result) => result.address),
      snippet: results.length ? core.snippet(results[0].text, shown) : [],
      address: core.toAddress(shown),
      ms: Number(process.hrtime.bigint() - begun) / 1e6,
    });
  }
  return answers;
}

function marked([text, query]) {
  return core.marks(text, core.fromAddress(query)).map(([start, end]) => text.slice(start, end));
}

async function main() {
  const asked = JSON.parse(fs.readFileSync(0, "utf8"));
  let answer;
  if (asked.texts) answer = asked.texts.map(core.words);
  else if (asked.marks) answer = asked.marks.map(marked);
  else answer = await find(asked);
  process.stdout.write(JSON.stringify(answer));
}

main();
