"""Macros that show other content of the mirror: includes, the tree, files, people."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence

from exporter.model import Kind
from exporter.site.body.document import (
    AttachmentRef,
    ContentRef,
    Image,
    Included,
    Link,
    Macro,
    PageRef,
    Panel,
    Parameter,
    Text,
    Time,
    UserRef,
    walk,
)
from exporter.site.items import File, Item
from exporter.site.macros.lists import (
    bullets,
    element,
    file_ref,
    none_found,
    sorted_by,
    to_file,
    to_item,
)
from exporter.site.macros.shown import MIRROR, Context, Nodes, Shown, Unshown, Use
from exporter.site.wording import is_image

MAX_IN_TREE = 500
MAX_SEEN = 1_000_000
"""All that a space has."""


def _include(use: Use) -> Nodes:
    item = named_page(use.macro, use.context, "", "page", "pageTitle")
    return (Included(item.id, use.context.resolved(item, use.context.body(item))),)


def _excerpt_include(use: Use) -> Nodes:
    item = named_page(use.macro, use.context, "", "default-parameter", "page", "pageTitle")
    name = use.macro.text("name") or use.macro.text("multiExcerptName") or use.macro.text("MultiExcerptName")
    excerpt = excerpt_in(use.context.body(item), name)
    if excerpt is None:
        raise Unshown(f"“{item.title}” has no such excerpt")
    included = Included(item.id, use.context.resolved(item, excerpt))
    return (included,) if use.macro.text("nopanel") == "true" else (Panel("panel", item.title, (included,)),)


def excerpt_in(nodes: Nodes, name: str = "") -> Nodes | None:
    """The excerpt of that name; the first one where there is no name."""
    for node in walk(nodes):
        if isinstance(node, Macro) and node.name in ("excerpt", "multiexcerpt", "multiexcerpt-macro"):
            own = node.text("name") or node.text("MultiExcerptName")
            if not name or own == name:
                return node.rich or ()
    return None


def excerpt_of(item: Item, context: Context) -> Nodes:
    """To stand beside its title in a list; nothing where it has none."""
    try:
        excerpt = excerpt_in(context.body(item)) if item.has_body else None
        return (Included(item.id, context.resolved(item, excerpt)),) if excerpt else ()
    except Unshown:
        return ()


def _children(use: Use) -> Nodes:
    parent = page_or_this(use.macro, use.context)
    everything = use.macro.text("all").lower() == "true" or use.macro.text("allChildren").lower() == "true"
    depth = 0 if everything else max(_number(use.macro.text("depth"), 1), 1)
    if everything and use.macro.text("depth"):
        depth = _number(use.macro.text("depth"), 0)
    listing = _Listing(
        use.context,
        depth=depth,
        sort=use.macro.text("sort"),
        reverse=use.macro.text("reverse").lower() == "true",
        excerpts=use.macro.text("excerptType") not in ("", "none")
        or use.macro.text("excerpt") in ("true", "simple"),
    )
    first = _number(use.macro.text("first"), 0)
    return listing.below(parent, first=first) or none_found("No pages below this one.")


def _page_tree(use: Use) -> Nodes:
    root = _root(use.macro, use.context)
    if root is None:
        raise Unshown("the page it starts from is not in this mirror")
    sort = use.macro.text("sort")
    sort = "" if sort in ("position", "natural", "bitwise") else sort
    listing = _Listing(
        use.context, depth=0, sort=sort, reverse=use.macro.text("reverse") == "true", excerpts=False
    )
    return listing.below(root) or none_found("No pages below this one.")


def _root(macro: Macro, context: Context) -> Item | None:
    """Special names stand where a page's title would, most often in a link to a page of that title."""
    root = macro.parameters.get("root", Parameter("@home"))
    named = root.text.strip() or next((ref.title for ref in root.refs if isinstance(ref, PageRef)), "@home")
    match named.lower():
        case "@self" | "self":
            return context.page
        case "@parent" | "parent":
            return context.library.item(context.page.parent) if context.page.parent else None
        case "@home" | "home" | "@none" | "none":
            return context.library.item(context.library.home) if context.library.home else None
    return named_page(macro, context, "root")


class _Listing:
    """A tree of pages as nested lists, `depth` levels of it (0: all), and never more than `MAX_IN_TREE`."""

    def __init__(self, context: Context, *, depth: int, sort: str, reverse: bool, excerpts: bool) -> None:
        self._context, self._depth, self._excerpts = context, depth, excerpts
        self._sort, self._reverse = sort, reverse
        self._left = MAX_IN_TREE
        self._seen: set[str] = set()

    def below(self, parent: Item, *, level: int = 1, first: int = 0) -> Nodes:
        if self._depth and level > self._depth:
            return ()
        items = sorted_by(self._context.library.children(parent.id), self._sort, reverse=self._reverse)
        return bullets(self._entries(items[:first] if first else items, level))

    def _entries(self, items: Sequence[Item], level: int) -> Iterator[Nodes]:
        for item in items:
            if item.id in self._seen:
                continue
            if self._left == 0:
                yield (element("em", Text("… and more: see the tree of pages")),)
                self._left = -1
            if self._left < 0:
                return
            self._seen.add(item.id)
            self._left -= 1
            yield (to_item(item), *self._excerpt(item), *self.below(item, level=level + 1))

    def _excerpt(self, item: Item) -> Nodes:
        return excerpt_of(item, self._context) if self._excerpts else ()


def _attachments(use: Use) -> Nodes:
    page = page_or_this(use.macro, use.context)
    files = _matching(use.context.library.files(page.id), use.macro.text("patterns") or "*")
    rows = [(to_file(each), *_remark(each)) for each in files]
    return bullets(rows) or none_found("No attachments.")


def _remark(file: File) -> Nodes:
    return (Text(" "), element("small", Text(file.comment))) if file.comment else ()


def _gallery(use: Use) -> Nodes:
    page = page_or_this(use.macro, use.context)
    files = [each for each in use.context.library.files(page.id) if is_image(each.media_type)]
    if use.macro.text("include"):
        files = _matching(files, use.macro.text("include"))
    if use.macro.text("exclude"):
        left_out = {each.id for each in _matching(files, use.macro.text("exclude"))}
        files = [each for each in files if each.id not in left_out]
    if not files:
        return none_found("No images.")
    captions = use.macro.text("exclude-captions") != "true"
    images = [
        Image(file_ref(each), {"alt": each.title}, (Text(each.comment),) if captions and each.comment else ())
        for each in files
    ]
    return (element("div", *images, kind="gallery"),)


def _matching(files: Sequence[File], patterns: str) -> list[File]:
    """`patterns` as in the shell, and as regular expressions where Confluence takes those: ``.*\\.png``."""
    wanted = [each.strip().replace(".*", "*").replace("\\.", ".") for each in patterns.split(",")]
    return [
        each
        for each in files
        if any(
            fnmatch.fnmatchcase(each.title.casefold(), pattern.casefold()) for pattern in wanted if pattern
        )
    ]


def _profile(use: Use) -> Nodes:
    users = [ref for each in use.macro.parameters.values() for ref in each.refs if isinstance(ref, UserRef)]
    if not users:
        raise Unshown("it names nobody")
    return tuple(Link(user, "", "", "", ()) for user in users)


def _recently_updated(use: Use) -> Nodes:
    limit = _number(use.macro.text("max"), 15)
    chosen = [use.macro.text(name) for name in ("labels", "label", "types", "type")]
    found = use.context.library.recent(MAX_SEEN if any(chosen) else limit)
    shown = [each for each in found if _has_label(use.macro, each) and _has_type(use.macro, each)][:limit]
    return bullets(_dated(each) for each in shown) or none_found("Nothing was updated.")


def _blog_posts(use: Use) -> Nodes:
    posts = [each for each in use.context.library.posts() if _has_label(use.macro, each)]
    newest = posts[: _number(use.macro.text("max"), 15)]
    titles = use.macro.text("content") == "titles"
    rows = [(*_dated(each), *(() if titles else excerpt_of(each, use.context))) for each in newest]
    return bullets(rows) or none_found("No blog posts.")


def _has_label(macro: Macro, item: Item) -> bool:
    """One of those that the macro asks for, if it asks for any."""
    labels = _listed(macro.text("labels") or macro.text("label"))
    return not labels or bool(labels & {*item.labels})


def _has_type(macro: Macro, item: Item) -> bool:
    types = _listed(macro.text("types") or macro.text("type"))
    return not types or bool(types & ({"page"} if item.kind is Kind.PAGE else {"blog", "blogpost"}))


def _listed(text: str) -> set[str]:
    return {*text.lower().replace(",", " ").split()}


def _dated(item: Item) -> Nodes:
    edition = item.created if item.kind is Kind.BLOGPOST else item.version
    by: Nodes = (Text(", "), Link(UserRef(edition.author), "", "", "", ())) if edition.author else ()
    return (to_item(item), Text(" "), element("small", Time(edition.at[:10]), *by))


def named_page(macro: Macro, context: Context, *parameters: str) -> Item:
    """The page that the first of `parameters` that is there names: by a link, or by its title alone,
    with the key of its space before it where it is another's."""
    named = ""
    for parameter in filter(None, map(macro.parameters.get, parameters)):
        for ref in parameter.refs or _by_title(parameter.text.strip()):
            item = context.links.container(ref)
            if item is not None:
                return item
            named = named or getattr(ref, "title", "") or "the page"
    raise Unshown(f"“{named}” is not in this mirror" if named else "it names no page")


def page_or_this(macro: Macro, context: Context) -> Item:
    return named_page(macro, context, "page") if "page" in macro.parameters else context.page


def _by_title(text: str) -> Sequence[PageRef]:
    """``KEY:Title``, or a title with a colon."""
    key, _, title = text.partition(":")
    return [PageRef(None, text), *([PageRef(key, title)] if key and title else [])] if text else []


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default


def attachment_named(macro: Macro, context: Context, *parameters: str) -> AttachmentRef:
    """The file that a macro shows: named by a link, or by its name on the page that ``page`` names."""
    for name in parameters:
        parameter = macro.parameters.get(name)
        for ref in parameter.refs if parameter else ():
            if isinstance(ref, AttachmentRef):
                return ref
        if parameter and parameter.text.strip():
            page = page_or_this(macro, context)
            return AttachmentRef(parameter.text.strip(), ContentRef(page.id))
    raise Unshown("it names no file")


MIRRORED = {
    name: Shown(MIRROR, show)
    for name, show in {
        "include": _include,
        "include-page": _include,
        "excerpt-include": _excerpt_include,
        "multiexcerpt-include": _excerpt_include,
        "multiexcerpt-include-macro": _excerpt_include,
        "children": _children,
        "pagetree": _page_tree,
        "content-tree": _page_tree,
        "attachments": _attachments,
        "gallery": _gallery,
        "profile": _profile,
        "profile-picture": _profile,
        "recently-updated": _recently_updated,
        "recently-updated-dashboard": _recently_updated,
        "blog-posts": _blog_posts,
    }.items()
}
