"""Where a link of a body leads: one resolver for every shape of them."""

from __future__ import annotations

import base64
import binascii
import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, unquote_plus, urljoin, urlsplit

from exporter.site.body import anchors, storage_format
from exporter.site.body.document import (
    AttachmentRef,
    ContentRef,
    PageRef,
    PostRef,
    Ref,
    SamePage,
    ShortcutRef,
    SpaceRef,
    UrlRef,
    UserRef,
)
from exporter.site.body.markup import FORBIDDEN
from exporter.site.items import Comment, File, Item, Library


@dataclass(frozen=True, slots=True)
class ToItem:
    """`fragment` is an id that its page has, or empty; `missed` is what no place of it is called."""

    item: Item
    fragment: str
    missed: str = ""


@dataclass(frozen=True, slots=True)
class ToFile:
    file: File


@dataclass(frozen=True, slots=True)
class ToPerson:
    """`known` is False for someone whom the mirror doesn't name."""

    account_id: str
    name: str
    known: bool


@dataclass(frozen=True, slots=True)
class Here:
    """A place of the page that the link stands on; the top of it where `fragment` is empty."""

    fragment: str


@dataclass(frozen=True, slots=True)
class Outside:
    """`url` is absolute; `name` is what to show where the link has no words of its own. `on_site`: it leads
    to the site, to what the mirror doesn't have."""

    url: str
    name: str
    on_site: bool = False


@dataclass(frozen=True, slots=True)
class Nowhere:
    """It can't be followed: what it names isn't in the mirror, and has no address that is known."""

    name: str


Target = ToItem | ToFile | ToPerson | Here | Outside | Nowhere

_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "ftps", "sftp", "ssh", "irc", "xmpp", "sip"})
_SITE = r"/(?:(?:wiki|confluence)/)?"
_ID = r"(?P<id>[0-9]{1,19})"
_KEY = r"(?P<key>[^/]{1,255})"
_DAY = r"[0-9]{4}/[0-9]{2}/[0-9]{2}"
_BY_ID = re.compile(
    rf"{_SITE}spaces/{_KEY}/(?:pages|blog|folder|whiteboard|database|embed)"
    rf"(?:/edit-v2|/edit|/{_DAY})?/{_ID}(?:/.*)?"
)
_TINY = re.compile(rf"{_SITE}x/(?P<code>[A-Za-z0-9_+-]{{1,16}})/?")
_OVERVIEW = re.compile(rf"{_SITE}(?:spaces|display)/{_KEY}(?:/overview|/pages)?/?")
_DISPLAY = re.compile(rf"{_SITE}display/{_KEY}/(?:(?P<day>{_DAY})/)?(?P<title>[^/]+)/?")
_DOWNLOAD = re.compile(rf"{_SITE}download/(?:attachments|thumbnails)/{_ID}/(?P<name>[^/]+)")
_PERSON = re.compile(rf"{_SITE}people/(?P<account>[^/]+)/?")
_ACTION = re.compile(
    rf"{_SITE}(?:pages/(?:viewpage|editpage|resumedraft|viewpageattachments|releaseview)"
    r"|spaces/viewspace)\.action"
)
_PREVIEW = re.compile(r"/[0-9]{1,19}/(?P<file>(?:att)?[0-9]{1,19})/.*")
_NO_WIKI = "/browse/", "/jira/", "/secure/", "/issues/", "/projects/", "/servicedesk/"
"""What belongs to others on the same host."""
_BLANK = re.compile(r"[\t\n\r]")


class Links:
    """Of one body: what it names without saying where is meant at `page`."""

    def __init__(self, page: Item, library: Library) -> None:
        self._page, self._library = page, library

    def target(self, ref: Ref, anchor: str = "") -> Target:
        match ref:
            case SamePage():
                return Here(anchor)
            case UrlRef(url=url):
                return self._url(url, anchor)
            case UserRef(account_id=account_id):
                return self._person(account_id)
            case AttachmentRef():
                return self._attachment(ref)
            case SpaceRef(key=key):
                home = self._library.space_home(key)
                return ToItem(home, "") if home else self._live_space(key)
            case ShortcutRef(key=key, parameter=parameter):
                return Nowhere(f"{parameter}@{key}")
            case _:
                return self._content(ref, anchor)

    def container(self, ref: Ref) -> Item | None:
        """The item that `ref` names."""
        match ref:
            case PageRef(space_key=key, title=title):
                return self._library.titled(key or self._page.space_key, title)
            case PostRef(space_key=key, title=title, day=day):
                return self._library.posted(key or self._page.space_key, title, day)
            case ContentRef(id=item_id):
                return self._library.item(item_id)
            case UrlRef():
                target = self.target(ref)
                return target.item if isinstance(target, ToItem) else None
            case SamePage():
                return self._page
        return None

    def file(self, ref: AttachmentRef) -> File | None:
        held = self.container(ref.container) if ref.container else self._page
        return _named(self._library.files(held.id), ref.filename) if held else None

    def _content(self, ref: PageRef | PostRef | ContentRef, anchor: str) -> Target:
        item = self.container(ref)
        if item is not None:
            return self._to(item, anchor)
        match ref:
            case PageRef(space_key=key, title=title):
                return self._live_page(key or self._page.space_key, title)
            case ContentRef(id=item_id):
                return self._live(f"/pages/viewpage.action?pageId={item_id}", item_id)
        return Nowhere(ref.title)

    def _to(self, item: Item, anchor: str) -> Target:
        return Here(anchor) if anchor and item.id == self._page.id else self.place(item, anchor)

    def place(self, item: Item, anchor: str) -> ToItem:
        """On the page of `item`. Its body is only asked for where there is an anchor."""
        if anchor in ("", "top"):
            return ToItem(item, "")
        body = self._library.body(item.id) if item.has_body else None
        fragment = _ids_in(item.title, body).get(anchor, "") if body else ""
        return ToItem(item, fragment, missed="" if fragment else anchor)

    def _person(self, account_id: str) -> ToPerson:
        person = self._library.person(account_id) if account_id else None
        return ToPerson(account_id, person.name if person else "Former user", person is not None)

    def _attachment(self, ref: AttachmentRef) -> Target:
        file = self.file(ref)
        if file is None or file.href is None:
            return Nowhere(ref.filename)
        return ToFile(file)

    def _url(self, url: str, anchor: str) -> Target:
        url = _BLANK.sub("", url).strip()
        if not url:
            return Nowhere("")
        if url.startswith("#"):
            return Here(_fragment(url[1:]))
        absolute = self._absolute(url)
        try:
            parts = urlsplit(absolute)
        except ValueError:
            return Nowhere(url)
        if parts.scheme.lower() not in _SCHEMES:
            return Nowhere(url)
        on_site = False
        if parts.scheme.lower() in ("http", "https"):
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            fragment = anchor or _fragment(parts.fragment)
            on_site = parts.netloc.lower() in self._library.hosts and not parts.path.startswith(_NO_WIKI)
            found = self._in_mirror(parts.path, query, fragment, on_site=on_site)
            if found is not None:
                return found
        return Outside(f"{absolute}#{anchor}" if anchor else absolute, url, on_site)

    def _absolute(self, url: str) -> str:
        base = self._page.address or self._library.site_url
        try:
            return urljoin(base, url) if base and not urlsplit(url).scheme else url
        except ValueError:
            return url

    def _in_mirror(
        self, path: str, query: Mapping[str, str], fragment: str, *, on_site: bool
    ) -> Target | None:
        """On another host only an id counts, with the space's key beside it: the site under a name it had, or
        has for others. Titles and short addresses mean something on the site alone."""
        if (found := _BY_ID.fullmatch(path)) is not None:
            item = self._library.item(found["id"])
            if item is not None and (on_site or item.space_key == _plain(found["key"])):
                return self._place(item, query, fragment)
        return self._of_site(path, query, fragment) if on_site else None

    def _of_site(self, path: str, query: Mapping[str, str], fragment: str) -> Target | None:
        if (found := _DOWNLOAD.fullmatch(path)) is not None:
            file = _named(self._library.files(found["id"]), _plain(found["name"]))
            return ToFile(file) if file is not None and file.href is not None else None
        if (found := _PERSON.fullmatch(path)) is not None:
            person = self._person(_plain(found["account"]))
            return person if person.known else None
        item: Item | None = None
        if _ACTION.fullmatch(path) is not None:
            item = self._by_query(query)
        elif (found := _TINY.fullmatch(path)) is not None:
            item_id = tiny_id(found["code"])
            item = self._library.item(item_id) if item_id else None
        elif (found := _OVERVIEW.fullmatch(path)) is not None:
            item = self._library.space_home(_plain(found["key"]))
        elif (found := _DISPLAY.fullmatch(path)) is not None:
            key, title, day = _plain(found["key"]), _plain(found["title"]), found["day"]
            item = self._library.posted(key, title, day) if day else self._library.titled(key, title)
        return self._place(item, query, fragment) if item is not None else None

    def _by_query(self, query: Mapping[str, str]) -> Item | None:
        if item_id := query.get("pageId") or query.get("draftId"):
            return self._library.item(item_id)
        if "spaceKey" in query and "title" in query:
            return self._library.titled(query["spaceKey"], query["title"])
        return self._library.space_home(query["key"]) if "key" in query else None

    def _place(self, item: Item, query: Mapping[str, str], fragment: str) -> Target:
        if (found := _PREVIEW.fullmatch(query.get("preview", ""))) is not None:
            file = self._library.file(attachment_id=f"att{found['file'].removeprefix('att')}")
            if file is not None and file.href is not None:
                return ToFile(file)
        comment = query.get("focusedCommentId", "")
        if comment and any(each.id == comment for each in _all(self._library.comments(item.id))):
            return ToItem(item, f"comment-{comment}")
        return self._to(item, fragment)

    def _live_page(self, key: str, title: str) -> Target:
        """By title; the site redirects from there."""
        return self._live(f"/pages/viewpage.action?spaceKey={_quoted(key)}&title={_quoted(title)}", title)

    def _live_space(self, key: str) -> Target:
        return self._live(f"/spaces/{_quoted(key)}", key)

    def _live(self, path: str, name: str) -> Target:
        site = self._library.site_url
        return Outside(site + path, name, on_site=True) if site and name else Nowhere(name)


def tiny_id(code: str) -> str | None:
    """The id behind ``/x/<code>``: its bytes, the lowest first, in base64 with other signs and without the
    ``A`` at the end (community knowledge, see Confluence's "tiny link" documentation)."""
    text = code.replace("-", "/").replace("_", "+")
    try:
        data = base64.b64decode(text + "A" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    number = int.from_bytes(data, "little")
    return str(number) if 0 < number < 2**63 else None


@functools.lru_cache(maxsize=64)
def _ids_in(title: str, body: bytes) -> Mapping[str, str]:
    return anchors.places(storage_format.parse(body).document.children, title)


def _named(files: Sequence[File], name: str) -> File | None:
    """Bodies may name a file in another case, or with its accents apart."""
    exact = next((each for each in files if each.title == name), None)
    return exact or next((each for each in files if _folded(each.title) == _folded(name)), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _all(comments: Sequence[Comment]) -> Iterator[Comment]:
    for each in comments:
        yield each
        yield from _all(each.replies)


def _fragment(written: str) -> str:
    return FORBIDDEN.sub("", unquote(written))


def _plain(part: str) -> str:
    return unquote_plus(part)


def _quoted(text: str) -> str:
    return quote(text, safe="")
