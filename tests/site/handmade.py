"""A small site written by hand in the shape of a rendered one: what checks are tried on, whole and spoilt."""

from __future__ import annotations

import base64
from pathlib import Path

_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TITLES = {"1": "Lamp room", "2": "Fog signals", "3": "Größen & Maße"}

_SHEET = """\
:root { color-scheme: light dark; --text: #1b1f24; --ground: #fff; --link: #0645ad; }
@media (prefers-color-scheme: dark) { :root { --text: #e8e8e8; --ground: #16181b; --link: #9cc4ff; } }
body { margin: 1rem; color: var(--text); background: var(--ground); font: 1rem/1.5 sans-serif; }
a { color: var(--link); }
main { overflow-wrap: anywhere; }
.table { overflow-x: auto; }
.wide td { min-width: 14rem; }
.chosen { outline: 2px solid var(--link); }
@media print { nav, header, button { display: none; } }
"""

_SCRIPT = """\
(() => {
  const field = document.querySelector('#search-input');
  const list = document.querySelector('#search-results');
  let chosen = -1;
  const show = () => {
    const words = field.value.toLowerCase();
    chosen = -1;
    list.replaceChildren(...window.PAGES.filter(([, title]) => words && title.toLowerCase().includes(words))
      .map(([id, title]) => {
        const item = document.createElement('li');
        const link = item.appendChild(document.createElement('a'));
        link.href = document.body.dataset.root + 'pages/' + id + '.html';
        link.textContent = title;
        return item;
      }));
  };
  field.addEventListener('input', show);
  field.addEventListener('keydown', (event) => {
    const links = list.querySelectorAll('a');
    const next = Math.min(chosen + 1, links.length - 1);
    if (event.key === 'ArrowDown') links[chosen = next]?.classList.add('chosen');
    if (event.key === 'Enter') links[Math.max(chosen, 0)]?.click();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== field) { event.preventDefault(); field.focus(); }
  });
  const asked = new URLSearchParams(location.search).get('q');
  if (asked) { field.value = asked; show(); }
})();
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{root}assets/site.css">
<script src="{root}assets/nav.js" defer></script>
<script src="{root}assets/site.js" defer></script>
</head>
<body data-root="{root}">
<header><label for="search-input">Search</label> <input id="search-input" type="search">
<ul id="search-results"></ul></header>
<nav aria-label="Site"><a href="{root}index.html">Home</a> <a href="{root}tree.html">All pages</a></nav>
<main><h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

_BODY = """\
<p id="start">A page about {title}. <a href="#start">Start</a>, <a href="2.html#start">signals</a>,
<a href="https://example.com/" rel="noreferrer">outside</a>,
<a href="../files/att1/a%20plan.png" download>a plan.png</a>.</p>
<p><img src="../files/att1/a%20plan.png" alt="A plan"></p>
<div class="table" role="region" aria-label="Wide table" tabindex="0"><table class="wide"><tbody>
<tr><th scope="row">Height</th><td>12 m</td><td>13 m</td><td>14 m</td></tr></tbody></table></div>
"""


def make_site(folder: Path) -> Path:
    """Writes `folder`/HAND/site: no check finds anything in it."""
    site = folder / "HAND" / "site"
    listed = "".join(
        f'<li><a href="pages/{id_}.html">{_escaped(title)}</a></li>' for id_, title in TITLES.items()
    )
    _write(site / "index.html", page("Home", f"<ul>{listed}</ul>", root=""))
    _write(site / "tree.html", page("All pages", f"<ul>{listed}</ul>", root=""))
    for id_, title in TITLES.items():
        escaped = _escaped(title)
        _write(site / f"pages/{id_}.html", page(escaped, _BODY.format(title=escaped)))
    _write(site / "assets/site.css", _SHEET)
    _write(site / "assets/site.js", _SCRIPT)
    rows = ", ".join(f'["{id_}", "{title}"]' for id_, title in TITLES.items())
    _write(site / "assets/nav.js", f"window.PAGES = [{rows}];\n")
    (site / "files/att1").mkdir(parents=True)
    (site / "files/att1/a plan.png").write_bytes(_PIXEL)
    return site


def page(title: str, body: str, *, root: str = "../") -> str:
    """`title` and `body` are markup."""
    return _PAGE.format(title=title, body=body, root=root, policy=_POLICY)


def put_in(site: Path, markup: str, *, path: str = "pages/1.html", before: str = "</main>") -> None:
    """Plants `markup` in a page."""
    file = site / path
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, markup + before, 1), encoding="utf-8")


def _escaped(title: str) -> str:
    return title.replace("&", "&amp;")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
