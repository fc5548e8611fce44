"""The first content API on the site's own origin, as Confluence had it before v2: for the peers alone.

The gateway answers 410 to it, and so does the emulator's site. Most peers know little else, so `OldSite`
answers it, to a token without scopes: on the same server, with the same latency and the same downloads.
Items look like those of the searches that are still there, after ``openapi-v1.json``; lists have
``start``, ``limit``, ``size`` and ``_links.next``
(https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/). Nothing is written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar
from urllib.parse import unquote, urlencode

from multidict import MultiDict, MultiMapping

from benchmarks.old_shapes import BASE, Shapes, label
from benchmarks.old_view import titles
from exporter.emulator import Attachment, Comment, Content, Emulator, Recorded, Token, answers
from exporter.emulator.access import Credentials, Viewer, site_takes
from exporter.emulator.api import Api
from exporter.emulator.call import Call
from exporter.emulator.emulator import COOKIE
from exporter.emulator.found import EXPANDED
from exporter.emulator.lookup import visible_attachment, visible_comment, visible_content
from exporter.emulator.operations import operations
from exporter.emulator.reply import Reply, html, v1_error
from exporter.emulator.search import LIMITS, MOST
from exporter.emulator.shapes import Json, content_property
from exporter.emulator.site import Site

T = TypeVar("T")
USUAL = 25  # items of a list whose ``limit`` isn't asked for


class OldSite(Emulator):
    """The emulator with the old API on its site; ``refused`` counts what peers asked in vain.

    Addresses are good without ``/wiki`` as well: a client that takes an unknown host for a server of one's
    own leaves it out. Cookies are marked as secure, as Atlassian's are: the ports of this machine are one
    host to a cookie, so clients would carry them to the media host, which wants none.
    """

    refused: Counter[str]

    async def __aenter__(self) -> OldSite:
        self.refused = Counter()
        self._titles = titles(self.world)
        return await super().__aenter__()

    def _right(self, asked: Recorded) -> Reply:
        reply = self._on_site(asked) if asked.origin == "site" else super()._right(asked)
        reply.headers["Set-Cookie"] = f"{COOKIE}; Secure"
        if asked.origin == "site" and reply.status >= 400:
            self.refused[f"{reply.status} {asked.method} {re.sub('[0-9]+', 'N', asked.path)}"] += 1
        return reply

    def _on_site(self, asked: Recorded) -> Reply:
        # The real API ignores parameters that it doesn't know; the emulator is strict for our sake.
        lenient = replace(self.switches, strict=False)
        api = Api(self.world, lenient, self.site_url, self._media.sign)
        if asked.path.startswith((f"{BASE}/", "/download/", "/api/v2/")):
            asked = replace(asked, path=f"/wiki{asked.path}")
        if " " in asked.query.get("cursor", ""):
            asked = replace(asked, query=_with_plus(asked.query))
        for pattern, answer in _ROUTES:
            if asked.method == "GET" and (match := pattern.fullmatch(asked.path)):
                credentials = Credentials.read(asked.headers.get("Authorization"))
                token = credentials.token(self.tokens)
                if token is None or not site_takes(token, credentials.scheme):
                    return html(401, "Unauthorized")
                return answer(_Question(api, asked, token, self._titles), *match.groups())
        return Site(api, self.tokens).answer(asked)


class _Question:
    """One request, to be answered by the method of its address."""

    def __init__(self, api: Api, asked: Recorded, token: Token, titles: Mapping[str, str]) -> None:
        self._api, self._asked, self._token = api, asked, token
        self._world, self._query = api.world, asked.query
        self._expand = {part for text in self._query.getall("expand", []) for part in text.split(",") if part}
        self._shapes = Shapes(self._call, self._expand, titles)

    @cached_property
    def _call(self) -> Call:
        found = operations().find("GET", f"/wiki{BASE}/content/search")
        assert found is not None
        api, asked = self._api, self._asked
        account = self._token.account_id
        viewer = Viewer(self._world.users[account] if account else self._world.me, self._world)
        pairs = asked.pairs()
        return Call(found[0], asked.path, pairs, {}, viewer, api.world, api.switches, api.site_url, api.sign)

    # --- addresses --------------------------------------------------------------------

    def spaces(self) -> Reply:
        keys = self._query.getall("spaceKey", [])
        seen = filter(self._call.viewer.sees_space, self._world.spaces.values())
        return self._list([each for each in seen if not keys or each.key in keys], self._shapes.space)

    def space(self, key: str) -> Reply:
        seen = filter(self._call.viewer.sees_space, self._world.spaces.values())
        item = next((each for each in seen if each.key == unquote(key)), None)
        return (
            v1_error(404, f"No space with key : {key}")
            if item is None
            else Reply(json=self._shapes.space(item))
        )

    def contents(self) -> Reply:
        """Of a space, if one is asked for: pages, unless it is another kind; by title, too."""
        key, title, kind = (
            self._query.get("spaceKey"),
            self._query.get("title"),
            self._query.get("type", "page"),
        )
        spaces = [each.id for each in self._world.spaces.values() if key in (None, each.key, each.alias)]
        held = (self._world.contents[each] for space in spaces for each in self._world.by_space[space])
        wanted = [each for each in held if each.kind == kind and title in (None, each.title)]
        return self._list(self._current(wanted), self._shapes.content)

    def content(self, content_id: str) -> Reply:
        item = self._find(content_id)
        return _missing(content_id) if item is None else Reply(json=self._shapes.content(item))

    def children(self, content_id: str, kind: str) -> Reply:
        above = self._find(content_id)
        if above is None:
            return _missing(content_id)
        if kind == "comment":
            return self._list(self._comments(above), self._shapes.content)
        if kind == "attachment":
            name = self._query.get("filename")
            held = (self._world.attachments[each] for each in self._world.by_container.get(above.id, ()))
            current = [each for each in held if each.status == "current" and name in (None, each.title)]
            return self._list(current, self._shapes.content)
        below = (self._world.contents[each] for each in self._world.by_parent.get(above.id, ()))
        return self._list(self._current([each for each in below if each.kind == kind]), self._shapes.content)

    def labels(self, content_id: str) -> Reply:
        if self._find(content_id) is None:
            return _missing(content_id)
        return self._list(list(self._world.labels.get(content_id, {}).values()), label)

    def properties(self, content_id: str) -> Reply:
        if self._find(content_id) is None:
            return _missing(content_id)
        return self._list(list(self._world.properties.get(content_id, {}).values()), content_property)

    def search(self) -> Reply:
        """The search that is still there, with the old API's items in it.

        What isn't in the emulator's search is expanded here, so only its effect on the limit is asked for.
        """
        query = [pair for pair in self._asked.pairs() if pair[0] in ("cql", "limit", "cursor")]
        known = sorted(self._expand & EXPANDED) or (["space"] if self._expand else [])
        query += [("expand", ",".join(known))] if known else []
        reply = self._api.answer("GET", self._asked.path, tuple(query), self._token)
        if reply.status == 200:
            items = (self._find(each["id"]) for each in reply.json["results"])
            reply.json["results"] = [self._shapes.content(item) for item in items if item is not None]
        return reply

    def user(self) -> Reply:
        account = self._query.get("accountId", "")
        user = self._world.users.get(account)
        return (
            v1_error(404, f"No user with id : {account}") if user is None else Reply(json=answers.user(user))
        )

    def download(self, content_id: str, name: str) -> Reply:
        """The address that items name leads to the media host, as the API's own does."""
        for attachment_id in self._world.by_container.get(content_id, ()):
            item = visible_attachment(self._call, attachment_id)
            if item is not None and item.title == unquote(name) and item.status == "current":
                return Reply(302, data=b"", headers={"Location": self._api.sign(item)})
        return html(404, "Page not found")

    # --- what they have in common -----------------------------------------------------

    def _find(self, content_id: str) -> Content | Attachment | Comment | None:
        call = self._call
        kinds = visible_content, visible_attachment, visible_comment
        found = (item for each in kinds if (item := each(call, content_id)) is not None)
        return next((item for item in found if item.status in ("current", "archived")), None)

    def _current(self, items: Sequence[Content]) -> list[Content]:
        return [each for each in items if each.status == "current" and self._call.viewer.sees(each)]

    def _comments(self, above: Content | Attachment | Comment) -> list[Comment]:
        """Those right below, or with ``depth=all`` all; ``location`` may be given more than once."""
        on, parent = (above.container_id, above.id) if isinstance(above, Comment) else (above.id, None)
        places, deep = self._query.getall("location", []), self._query.get("depth") == "all"
        held = (self._world.comments[each] for each in self._world.comments_on.get(on, ()))
        below = [each for each in held if each.status == "current" and (deep or each.parent_id == parent)]
        return [each for each in below if not places or each.kind in places]

    def _list(self, items: Sequence[T], render: Callable[[T], Json]) -> Reply:
        """The part of them that is asked for; the more is expanded, the fewer at once."""
        caps = (most for start, most in LIMITS if any(part.startswith(start) for part in self._expand))
        try:
            start, limit = int(self._query.get("start", "0")), int(self._query.get("limit", str(USUAL)))
        except ValueError:
            return v1_error(400, "'start' and 'limit' are numbers")
        if start < 0 or limit < 0:
            return v1_error(400, "'start' and 'limit' are not negative")
        limit = min([limit, MOST, *caps])
        shown = items[start : start + limit]
        path = self._asked.path.removeprefix("/wiki")
        links = {"base": self._call.base, "context": "/wiki", "self": f"{self._call.base}{path}"}
        if start + limit < len(items):
            others = [pair for pair in self._asked.pairs() if pair[0] not in ("start", "limit")]
            links["next"] = f"{path}?{urlencode([*others, ('limit', limit), ('start', start + limit)])}"
        answer = {"results": list(map(render, shown)), "start": start, "limit": limit, "size": len(shown)}
        return Reply(json={**answer, "_links": links})


def _with_plus(query: MultiMapping[str]) -> MultiDict[str]:
    """A cursor's ``+`` as it was: the emulator writes it so that careless decoding loses it, and Confluence
    isn't known to."""
    pairs = query.items()
    return MultiDict((name, value.replace(" ", "+") if name == "cursor" else value) for name, value in pairs)


def _missing(content_id: str) -> Reply:
    return v1_error(404, f"No content found with id : ContentId{{id={content_id}}}")


_ID = r"((?:att)?[0-9]+)"
_ROUTES: tuple[tuple[re.Pattern[str], Callable[..., Reply]], ...] = tuple(
    (re.compile("/wiki" + path), answer)
    for path, answer in (
        (f"{BASE}/space", _Question.spaces),
        (f"{BASE}/space/([^/]+)", _Question.space),
        (f"{BASE}/content", _Question.contents),
        (f"{BASE}/content/search", _Question.search),
        (f"{BASE}/content/{_ID}", _Question.content),
        (f"{BASE}/content/{_ID}/child/(page|comment|attachment)", _Question.children),
        (f"{BASE}/content/{_ID}/label", _Question.labels),
        (f"{BASE}/content/{_ID}/property", _Question.properties),
        (f"{BASE}/user", _Question.user),
        ("/download/attachments/([0-9]+)/([^/]+)", _Question.download),
    )
)
