"""Finding what a call asks for, as far as its viewer may see it, and the order of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Comment, Content, ContentKind, CustomContent, Space
from exporter.emulator.paging import Key, Keys, answer_list
from exporter.emulator.reply import Reply, v2_bad_request, v2_error, v2_not_found

T = TypeVar("T")
SORT_VALUES: dict[str, Callable[[Any], str]] = {
    "created-date": lambda item: item.created_at,
    "modified-date": lambda item: item.version.created_at,
    "title": lambda item: item.title.casefold(),
    "key": lambda item: item.key,
    "name": lambda item: item.name.casefold(),
}

# --- what is seen -----------------------------------------------------------------------


def visible_space(call: Call, space_id: str) -> Space | None:
    space = call.world.spaces.get(space_id)
    return space if space is not None and call.viewer.sees_space(space) else None


def visible_content(call: Call, content_id: str, kind: ContentKind | None = None) -> Content | None:
    content = call.world.contents.get(content_id)
    if content is None or content.status == "draft" or not call.viewer.sees(content):
        return None
    return content if kind in (None, content.kind) else None


def visible_custom(call: Call, custom_id: str) -> CustomContent | None:
    """Custom content is as visible as what it is in."""
    custom = call.world.customs.get(custom_id)
    if custom is None or custom.hidden:
        return None
    if custom.container_id is None:
        return custom if visible_space(call, custom.space_id) else None
    return custom if visible_container(call, custom.container_id) else None


def visible_container(call: Call, container_id: str) -> Content | CustomContent | None:
    return visible_content(call, container_id) or visible_custom(call, container_id)


def visible_attachment(call: Call, attachment_id: str) -> Attachment | None:
    attachment = call.world.attachments.get(attachment_id)
    if attachment is None or visible_container(call, attachment.container_id) is None:
        return None
    return attachment


def visible_comment(call: Call, comment_id: str) -> Comment | None:
    comment = call.world.comments.get(comment_id)
    if comment is None:
        return None
    if comment.container_id.startswith("att"):
        return comment if visible_attachment(call, comment.container_id) else None
    return comment if visible_container(call, comment.container_id) else None


def space_id_of(call: Call, thing: Content | CustomContent) -> str:
    """Custom content goes along when its page is moved."""
    while isinstance(thing, CustomContent) and thing.container_id is not None:
        thing = call.world.contents.get(thing.container_id) or call.world.customs[thing.container_id]
    return thing.space_id


LISTED = ("current", "archived")


def is_shown(call: Call, container_id: str, statuses: Sequence[str] = LISTED) -> bool:
    """Whether site-wide lists hold what is on it: it is visible, and neither it nor its page is trash."""
    if container_id.startswith("att"):
        attachment = visible_attachment(call, container_id)
        alive = attachment is not None and attachment.status in statuses
        return alive and attachment is not None and is_shown(call, attachment.container_id, statuses)
    container = visible_container(call, container_id)
    if container is None or container.status not in statuses:
        return False
    above = container.container_id if isinstance(container, CustomContent) else None
    return above is None or is_shown(call, above, statuses)


# --- what is asked for ------------------------------------------------------------------


def asked_attachment(call: Call, name: str = "id", *, bare: bool = False) -> Attachment | Reply:
    """The attachment that the path names, or the reply that refuses it; ``bare``: by a number, too."""
    attachment_id = str(call.arguments[name])
    if not attachment_id.startswith("att"):
        if not (bare or call.switches.bare_attachment_ids):
            return v2_bad_request(
                f"Provided value for '{name}' is not the correct type. Expected type is ContentId"
            )
        attachment_id = "att" + attachment_id
    return visible_attachment(call, attachment_id) or v2_not_found()


def not_emulated(name: str) -> Reply:
    return v2_error(501, "NOT_EMULATED", f"The emulator does not know '{name}'")


# --- order ------------------------------------------------------------------------------


def order(call: Call, usual: str = "id") -> tuple[str, bool]:
    """The sort field and whether it goes down; ``usual`` where nothing is asked for."""
    sort: str = call.arguments.get("sort", usual)
    return sort.removeprefix("-"), sort.startswith("-")


def sorted_keys(
    call: Call,
    items: Iterable[Any],
    *,
    usual: str = "id",
    values: dict[str, Callable[[Any], str]] = SORT_VALUES,
) -> Keys:
    field, descending = order(call, usual)
    if field == "id":
        return Keys([sorted(map(number_of, items))], field, descending)
    value = values[field]
    keys: list[Key] = sorted((value(item), number_of(item)) for item in items)
    return Keys([keys], field, descending)


def kept_keys(call: Call, shelf: str, items: Iterable[Any], value: Callable[[Any], str]) -> Keys:
    """The keys of a site-wide list, sorted only once for each state of the world."""
    field, descending = order(call)
    if field == "id":
        keys = call.world.kept_order((shelf, field), lambda: (("", number_of(each)) for each in items))
        return Keys([[number for _, number in keys]], field, descending)
    pairs = call.world.kept_order((shelf, field), lambda: ((value(each), number_of(each)) for each in items))
    return Keys([pairs], field, descending)


def answer_items(
    call: Call,
    items: Iterable[T],
    render: Callable[[T], Any],
    *,
    usual: str = "id",
    values: dict[str, Callable[[Any], str]] = SORT_VALUES,
) -> Reply:
    """The page that is asked for of a list short enough to be sorted each time."""
    by_number = {number_of(each): each for each in items}
    keys = sorted_keys(call, by_number.values(), usual=usual, values=values)
    return answer_list(call, keys, by_number.get, render)


def number_of(item: Any) -> int:
    return int(item.id.removeprefix("att"))
