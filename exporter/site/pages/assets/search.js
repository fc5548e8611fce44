// The search box of each page: binds `search-core.js` to the form the template holds. Its own element says with
// `data-root` where the root of the site is, as seen from this page.
"use strict";

const searchPart = (() => {
  const root = document.currentScript.dataset.root || "";
  const waiting = new Map();
  const PATIENCE = 200; // milliseconds until the reader is told that it takes a while

  function load(name) {
    if (!waiting.has(name)) {
      const part = {};
      part.promise = new Promise((resolve, reject) => Object.assign(part, { resolve, reject }));
      waiting.set(name, part);
      const script = document.createElement("script");
      script.src = root + "search/" + name + ".js";
      script.onload = script.onerror = () => {
        script.remove();
        part.reject(new Error(name + ".js")); // means nothing once the script has called `searchPart`
      };
      part.promise.catch(() => waiting.delete(name));
      document.head.append(script);
    }
    return waiting.get(name).promise;
  }

  function element(name, className, ...inside) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...inside);
    return made;
  }

  // What the words of a query are in `text`, as nodes: content is never read as HTML.
  function marked(row) {
    return row.map(([text, isHit]) => (isHit ? element("mark", "", text) : text));
  }

  function wholly(text, shown) {
    let at = 0;
    const row = [];
    for (const [start, end] of searchCore.marks(text, shown)) {
      row.push([text.slice(at, start), false], [text.slice(start, end), true]);
      at = end;
    }
    return marked([...row, [text.slice(at), false]]);
  }

  function assign(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  }

  function option(result, shown, number) {
    const link = element("a", "", element("span", "search-title", ...wholly(result.title, shown)));
    link.href = root + result.address + "?h=" + encodeURIComponent(searchCore.toAddress(shown));
    link.id = "search-option-" + number;
    assign(link, { role: "option", tabindex: "-1", "aria-selected": "false" });
    if (result.breadcrumb.length) link.append(element("span", "search-path", result.breadcrumb.join(" / ")));
    if (result.text) link.append(element("span", "search-text", ...marked(searchCore.snippet(result.text, shown))));
    return link;
  }

  // The focus stays in the box while arrows move among the results: a combobox with a listbox, as ARIA has it.
  function bind(form) {
    const input = form.querySelector("#search-input");
    const panel = document.getElementById("search-results");
    const list = element("div");
    const seen = element("p", "search-status");
    const heard = element("p", "unseen"); // what appears together with its panel is often not read out
    let index = null;
    let asked = 0; // an answer to an older question is not shown
    let pending = Promise.resolve();
    let chosen = -1;
    let before = null; // what had the focus before a key brought it here

    list.id = "search-list";
    assign(list, { role: "listbox", "aria-label": "Pages found", tabindex: "-1" }); // else Tab would stop there
    assign(input, { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id });
    input.setAttribute("aria-expanded", "false");
    heard.setAttribute("role", "status");
    seen.setAttribute("aria-hidden", "true");
    form.append(heard);
    panel.append(seen, list);

    function open() {
      index = index || searchCore.open(load);
      index.catch(() => (index = null));
      return index;
    }

    function close() {
      asked++;
      list.removeAttribute("aria-busy");
      say("", []);
      panel.hidden = true;
    }

    function say(text, options) {
      if (list.scrollTop) list.scrollTop = 0; // asked before anything changes: later it costs a layout
      seen.textContent = heard.textContent = text;
      list.replaceChildren(...options);
      list.hidden = !options.length;
      input.setAttribute("aria-expanded", String(options.length > 0));
      panel.hidden = false;
      choose(-1);
    }

    function choose(number) {
      const options = list.children;
      if (options[chosen]) options[chosen].setAttribute("aria-selected", "false");
      chosen = number;
      const option = options[chosen];
      if (option) {
        option.setAttribute("aria-selected", "true");
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    }

    function show({ total, results, shown, lacking }) {
      const pages = total === 1 ? "1 page" : `${total} pages`;
      const more = total > results.length ? `, the first ${results.length} are shown` : "";
      const text = lacking ? `No page has all of these words. All but one: ${pages}` : pages;
      const options = results.map((result, number) => option(result, shown, number));
      say(total ? text + more : "No page has these words", options);
    }

    async function ask() {
      const query = input.value;
      if (!searchCore.words(query).length) return close();
      const number = ++asked;
      list.setAttribute("aria-busy", "true");
      const late = setTimeout(() => number === asked && say("Searching …", []), PATIENCE);
      try {
        const answer = await searchCore.search(await open(), query);
        if (number === asked) show(answer);
      } catch (error) {
        index = null; // it may be another one by now
        const what = `Part of the search index is missing (${error.message}). Reload the page to try again.`;
        if (number === asked) say(what, []);
      } finally {
        clearTimeout(late);
        if (number === asked) list.removeAttribute("aria-busy");
      }
    }

    function leave() {
      input.value = "";
      if (before && before.isConnected && before !== document.body) before.focus();
      else input.blur();
    }

    function onKey(event) {
      if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const stops = list.children.length + 1; // the box itself is one
      if (by && panel.hidden) pending = ask();
      else if (by) choose(((chosen + 1 + by + stops) % stops) - 1);
      else if (event.key !== "Escape") return;
      else if (panel.hidden) leave();
      else close();
      event.preventDefault();
    }

    function come() {
      if (document.activeElement !== input) before = document.activeElement;
      input.focus();
      input.select();
    }

    input.addEventListener("focus", () => open().catch(() => {}));
    input.addEventListener("input", () => (pending = ask()));
    input.addEventListener("keydown", onKey);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (panel.hidden) pending = ask();
      await pending;
      const link = list.children[Math.max(chosen, 0)];
      if (link) link.click();
    });
    const isOutside = (target) => !form.contains(target) && !panel.contains(target);
    document.addEventListener("click", (event) => isOutside(event.target) && close());
    document.addEventListener("focusin", (event) => isOutside(event.target) && close());
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      const control = event.ctrlKey || event.metaKey;
      const wanted = control ? event.key.toLowerCase() === "k" && !event.shiftKey : event.key === "/" && !typing;
      if (!wanted || event.altKey) return;
      event.preventDefault();
      come();
    });
    const query = new URLSearchParams(location.search).get("q");
    if (query) {
      input.value = query;
      input.focus();
      pending = ask();
    }
  }

  // The words that led here, marked without a change to the page.
  function highlight() {
    const text = new URLSearchParams(location.search).get("h");
    const main = document.querySelector("main");
    if (!text || !main || !window.Highlight || !CSS.highlights) return;
    const shown = searchCore.fromAddress(text);
    const found = new Highlight();
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
      for (const [start, end] of searchCore.marks(walker.currentNode.data, shown)) {
        const range = new Range();
        range.setStart(walker.currentNode, start);
        range.setEnd(walker.currentNode, end);
        found.add(range);
      }
    CSS.highlights.set("search", found);
  }

  function start() {
    const form = document.querySelector("form.search");
    if (form) bind(form);
    highlight();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();

  // What each file of the index calls. JSON in a string is read much faster than a literal.
  return (name, json) => {
    const part = waiting.get(name);
    if (part) part.resolve(JSON.parse(json));
  };
})();
