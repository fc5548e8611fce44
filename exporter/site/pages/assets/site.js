// The tree, the theme, the table of contents, copying code: all of it is comfort, a page reads well without.
(function () {
  "use strict";
  var root = document.documentElement;
  var body = document.body;
  var base = body.dataset.root;
  var current = body.dataset.page || "";
  var path = (body.dataset.path || "").split(" ").filter(Boolean);
  var still = matchMedia("(prefers-reduced-motion: reduce)");
  var narrow = matchMedia("(max-width: 60rem)");

  // All pages opened from disk share one storage, hence the prefix.
  function recall(key) {
    try { return localStorage.getItem("confluence-export:" + key); } catch (error) { return null; }
  }
  function keep(key, value) {
    try {
      if (value === null) localStorage.removeItem("confluence-export:" + key);
      else localStorage.setItem("confluence-export:" + key, value);
    } catch (error) { /* It is forgotten, then. */ }
  }
  function target(hash) {
    try { return document.getElementById(decodeURIComponent(hash.slice(1))); } catch (error) { return null; }
  }
  function make(name, className, text) {
    var element = document.createElement(name);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  // --- Theme: the system's, until the reader wants the other one.
  var themeButton = document.getElementById("site-theme");
  var systemDark = matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches;
  }
  function showTheme() { themeButton.setAttribute("aria-pressed", String(isDark())); }
  themeButton.addEventListener("click", function () {
    var dark = !isDark();
    if (dark === systemDark.matches) delete root.dataset.theme;
    else root.dataset.theme = dark ? "dark" : "light";
    keep("theme", root.dataset.theme || null);
    showTheme();
  });
  systemDark.addEventListener("change", showTheme);
  showTheme();

  // --- Drawer of narrow windows.
  var menuButton = document.getElementById("site-menu");
  var sidebar = document.getElementById("site-sidebar");
  function openMenu(open) {
    root.classList.toggle("menu-open", open);
    menuButton.setAttribute("aria-expanded", String(open));
    if (open) {
      var first = sidebar.querySelector("[aria-current=page]") || sidebar.querySelector("a");
      first.focus({ preventScroll: true });
      first.scrollIntoView({ block: "center" });
    }
  }
  menuButton.addEventListener("click", function () { openMenu(!root.classList.contains("menu-open")); });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && root.classList.contains("menu-open")) {
      openMenu(false);
      menuButton.focus();
    }
  });
  document.addEventListener("click", function (event) {
    if (root.classList.contains("menu-open") && !sidebar.contains(event.target) && !menuButton.contains(event.target)) {
      openMenu(false);
    }
  });

  // --- Tree. Rows become elements only when their branch is opened.
  var tree = document.getElementById("site-tree");
  var openKey = "open:" + body.dataset.space;
  var opened = new Set((recall(openKey) || "").split(" ").filter(Boolean));
  var onPath = new Set(path);
  var waiting = {}; // what to do when the branch below an item has arrived
  var names = { f: "folder", w: "whiteboard", d: "database", e: "embed", b: "blogpost" };

  // The index files call these two.
  window.confluenceNav = function (of, json) {
    var nodes = JSON.parse(json).map(function (row) {
      return { id: row[0], title: row[1], kind: row[3], elsewhere: row[4] === 1, children: [], parent: row[2] };
    });
    var top = [];
    nodes.forEach(function (node) { (node.parent < 0 ? top : nodes[node.parent].children).push(node); });
    if (of) {
      (waiting[of] || function () {})(top);
      delete waiting[of];
    } else {
      if (top.length === 1) onPath.add(top[0].id); // a lone top is the home page: closed, it would hide everything
      tree.append(list(top));
      showCurrent();
    }
  };
  window.confluenceMirrored = function (json) {
    var place = document.getElementById("site-mirrored");
    var at = JSON.parse(json);
    if (!place || !at[1]) return;
    var time = make("time", "", at[1]);
    if (at[0]) time.dateTime = at[0];
    place.append(", made on ", time);
  };

  function showCurrent() {
    var here = tree.querySelector("[aria-current=page]");
    if (!here || narrow.matches) return;
    sidebar.scrollTop += here.getBoundingClientRect().top - sidebar.getBoundingClientRect().top - sidebar.clientHeight / 3;
  }
  function list(nodes) {
    var ul = make("ul");
    nodes.forEach(function (node) { ul.append(branch(node)); });
    return ul;
  }
  function branch(node) {
    var li = make("li");
    var row = make("div", "row");
    var link = make("a", names[node.kind] ? "kind kind-" + names[node.kind] : "", node.title || "Untitled");
    link.href = base + "pages/" + node.id + ".html";
    if (node.id === current) link.setAttribute("aria-current", "page");
    if (node.children.length || node.elsewhere) {
      var button = make("button", "twist");
      button.type = "button";
      button.setAttribute("aria-label", "Pages below " + (node.title || "Untitled"));
      button.addEventListener("click", function () { toggle(li, node, button.getAttribute("aria-expanded") !== "true", true); });
      row.append(button);
      row.append(link);
      li.append(row);
      toggle(li, node, onPath.has(node.id) || opened.has(node.id) || node.id === current, false);
    } else {
      row.append(link);
      li.append(row);
    }
    return li;
  }
  function toggle(li, node, open, chosen) {
    li.querySelector("button").setAttribute("aria-expanded", String(open));
    var below = li.querySelector("ul");
    if (below) below.hidden = !open;
    else if (open && node.elsewhere && !node.children.length) fetchBranch(li, node);
    else if (open) li.append(list(node.children));
    if (!chosen) return;
    if (open) opened.add(node.id);
    else opened.delete(node.id);
    keep(openKey, Array.from(opened).slice(-200).join(" ") || null);
  }
  function fetchBranch(li, node) {
    if (waiting[node.id]) return;
    waiting[node.id] = function (top) {
      node.children = top;
      li.append(list(top));
      if (onPath.has(node.id) || node.id === current) showCurrent();
      li.querySelector("ul").hidden = li.querySelector("button").getAttribute("aria-expanded") !== "true";
    };
    var script = make("script");
    script.src = base + "assets/nav/" + node.id + ".js";
    document.head.append(script);
  }

  // Arrows: up and down through what is visible, right opens or enters, left closes or leaves.
  tree.addEventListener("keydown", function (event) {
    var row = event.target.closest(".row");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    var rows = Array.from(tree.querySelectorAll(".row")).filter(function (each) { return each.offsetParent; });
    var button = row.querySelector("button");
    var isOpen = button && button.getAttribute("aria-expanded") === "true";
    var at = rows.indexOf(row);
    var to = null;
    if (event.key === "ArrowDown") to = rows[at + 1];
    else if (event.key === "ArrowUp") to = rows[at - 1];
    else if (event.key === "Home") to = rows[0];
    else if (event.key === "End") to = rows[rows.length - 1];
    else if (event.key === "ArrowRight") {
      if (isOpen) to = rows[at + 1];
      else if (button) button.click();
    } else if (event.key === "ArrowLeft") {
      if (isOpen) button.click();
      else to = row.parentElement.parentElement.closest("li") && row.parentElement.parentElement.closest("li").querySelector(".row");
    } else return;
    event.preventDefault();
    if (to) to.querySelector("a").focus();
  });

  // --- Where the reader is: in the places of the sidebar, and in the table of contents.
  document.querySelectorAll(".places a").forEach(function (link) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  });
  var toc = document.querySelector(".toc");
  function fitToc() { toc.open = !matchMedia("(max-width: 80rem)").matches; }
  if (toc) {
    fitToc();
    matchMedia("(max-width: 80rem)").addEventListener("change", fitToc);
    var entries = Array.from(toc.querySelectorAll("a")).map(function (link) {
      return { link: link, target: target(link.hash) };
    }).filter(function (entry) { return entry.target; });
    var marked = null;
    var asked = false;
    var spy = function () {
      asked = false;
      var last = null;
      entries.forEach(function (entry) {
        if (entry.target.getBoundingClientRect().top < innerHeight / 4) last = entry.link;
      });
      if (last === marked) return;
      if (marked) marked.removeAttribute("aria-current");
      marked = last;
      if (!last) return;
      last.setAttribute("aria-current", "true");
      if (toc.scrollHeight > toc.clientHeight) {
        toc.scrollTo({ top: last.offsetTop - toc.clientHeight / 2, behavior: still.matches ? "auto" : "smooth" });
      }
    };
    addEventListener("scroll", function () {
      if (!asked) { asked = true; requestAnimationFrame(spy); }
    }, { passive: true });
    spy();
  }

  // --- A button on each block of code. The Clipboard API needs a secure context, which a file may not be.
  function copy(text) {
    if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
    var area = make("textarea", "unseen");
    area.value = text;
    body.append(area);
    area.select();
    var done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("not copied"));
  }
  document.querySelectorAll(".code-block").forEach(function (block) {
    var pre = block.querySelector("pre");
    if (!pre) return;
    var button = make("button", "copy", "Copy");
    button.type = "button";
    button.addEventListener("click", function () {
      copy(pre.textContent).then(function () { button.textContent = "Copied"; }, function () { button.textContent = "Not copied"; })
        .then(function () { button.focus(); setTimeout(function () { button.textContent = "Copy"; }, 2000); });
    });
    block.append(button);
  });

  // --- What scrolls sideways can be scrolled by keyboard.
  document.querySelectorAll("pre, .table-scroll").forEach(function (each) {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
  });

  // --- A link into a closed block opens it.
  function reveal() {
    var found = location.hash ? target(location.hash) : null;
    for (var each = found && found.parentElement; each; each = each.parentElement) {
      if (each.localName === "details") each.open = true;
    }
    if (found && found.closest("details")) found.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  // --- [ and ] turn the page.
  document.addEventListener("keydown", function (event) {
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph"))) return;
    var rel = event.key === "[" ? "prev" : event.key === "]" ? "next" : "";
    var link = rel && document.querySelector(".turn [rel=" + rel + "]");
    if (link) link.click();
  });

  addEventListener("beforeprint", function () {
    document.querySelectorAll("main details:not([open])").forEach(function (each) { each.open = true; });
  });
})();
