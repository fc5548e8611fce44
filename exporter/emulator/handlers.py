"""One function for each operation: the Call in, the Reply out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from exporter.emulator import answers
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Content, ContentKind, Space
from exporter.emulator.paging import Key, Keys, answer_list
from exporter.emulator.reply import Reply, v1_error, v2_bad_request, v2_not_found

SORT_VALUES: dict[str, Callable[[Any], str]] = {
    "created-date": lambda item: item.created_at,
    "modified-date": lambda item: item.version.created_at,
    "title": lambda item: item.title.casefold(),
    "key": lambda item: item.key,
    "name": lambda item: item.name.casefold(),
}


def list_spaces(call: Call) -> Reply:
    wanted = call.arguments
    statuses = [wanted["status"]] if "status" in wanted else ["current"]
    if "status" not in wanted and call.switches.archived_spaces:
        statuses.append("archived")

    def named(space: Space) -> bool:
        names = {space.key, space.alias} if call.switches.keys_match_alias else {space.key}
        return not names.isdisjoint(wanted["keys"])

    def select(number: int) -> Space | None:
        space = call.world.spaces[str(number)]
        fits = (
            call.viewer.sees_space(space)
            and space.status in statuses
            and ("ids" not in wanted or number in wanted["ids"])
            and ("type" not in wanted or space.type == wanted["type"])
            and ("keys" not in wanted or named(space))
        )
        return space if fits else None

    keys = _sorted_keys(call, call.world.spaces.values())
    return answer_list(call, keys, select, lambda space: answers.space(call, space))


def get_space(call: Call) -> Reply:
    space = call.world.spaces.get(str(call.arguments["id"]))
    if space is None or not call.viewer.sees_space(space):
        return v2_not_found()
    return Reply(json=answers.space(call, space, single=True))


def list_space_pages(call: Call) -> Reply:
    return _list_of_space(call, "page", ("current", "archived"))


def list_space_blogposts(call: Call) -> Reply:
    return _list_of_space(call, "blogpost", ("current",))


def list_pages(call: Call) -> Reply:
    return _list_of_site(call, "page", ("current", "archived"))


def list_blogposts(call: Call) -> Reply:
    return _list_of_site(call, "blogpost", ("current",))


def get_page(call: Call) -> Reply:
    return _get_content(call, "page")


def get_blogpost(call: Call) -> Reply:
    return _get_content(call, "blogpost")


def get_folder(call: Call) -> Reply:
    return _get_content(call, "folder")


def get_whiteboard(call: Call) -> Reply:
    return _get_content(call, "whiteboard")


def get_database(call: Call) -> Reply:
    return _get_content(call, "database")


def get_embed(call: Call) -> Reply:
    return _get_content(call, "embed")


def list_page_attachments(call: Call) -> Reply:
    return _list_attachments(call, "page")


def list_blogpost_attachments(call: Call) -> Reply:
    return _list_attachments(call, "blogpost")


def get_attachment(call: Call) -> Reply:
    attachment_id = call.arguments["id"]
    if not attachment_id.startswith("att"):
        if not call.switches.bare_attachment_ids:
            return v2_bad_request(
                "Provided value for 'id' is not the correct type. Expected type is ContentId"
            )
        attachment_id = "att" + attachment_id
    attachment = _visible_attachment(call, attachment_id)
    if attachment is not None and "version" in call.arguments:
        attachment = _of_version(attachment, call.arguments["version"])
    if attachment is None:
        return v2_not_found()
    return Reply(json=answers.attachment(call, attachment, single=True))


def download_attachment(call: Call) -> Reply:
    wanted = call.arguments
    attachment = _visible_attachment(call, wanted["attachmentId"])
    statuses = wanted.get("status", ["current"])
    if attachment is None or attachment.container_id != wanted["id"] or attachment.status not in statuses:
        return v1_error(404, f"No attachment {wanted['attachmentId']} found for content {wanted['id']}")
    number = wanted.get("version", attachment.version.number)
    if not 1 <= number <= attachment.version.number:
        return v1_error(400, f"There is no version {number} of the attachment")
    version = _of_version(attachment, number)
    if version is None:
        return v1_error(404, f"Version {number} of the attachment is not available")
    if not call.switches.direct_200_download:
        return Reply(302, data=b"", headers={"Location": call.sign(version)})
    if version.lost:
        return v1_error(404, "The binary of the attachment is missing")
    return Reply(binary=version.binary, media_type=version.media_type)


def get_current_user(call: Call) -> Reply:
    return Reply(json=answers.user(call.viewer.user))


# --- what several of them share ---------------------------------------------------------


def _list_of_space(call: Call, kind: ContentKind, usual: Sequence[str]) -> Reply:
    space = call.world.spaces.get(str(call.arguments["id"]))
    if space is None or not call.viewer.sees_space(space):
        return v2_not_found()
    return _list_contents(call, _space_keys(call, kind, [space.id]), usual)


def _list_of_site(call: Call, kind: ContentKind, usual: Sequence[str]) -> Reply:
    world, wanted = call.world, call.arguments
    if "id" in wanted:
        found = (world.contents.get(str(number)) for number in set(wanted["id"]))
        keys = _sorted_keys(call, [each for each in found if each is not None and each.kind == kind])
        return _list_contents(call, keys, usual)
    spaces = [str(number) for number in dict.fromkeys(wanted.get("space-id", map(int, world.spaces)))]
    return _list_contents(call, _space_keys(call, kind, spaces), usual)


def _list_contents(call: Call, keys: Keys, usual: Sequence[str]) -> Reply:
    wanted = call.arguments
    statuses = wanted.get("status", usual)
    spaces = set(map(str, wanted["space-id"])) if "space-id" in wanted else None

    def select(number: int) -> Content | None:
        content = call.world.contents[str(number)]
        fits = (
            content.status in statuses
            and call.viewer.sees(content)
            and ("title" not in wanted or content.title == wanted["title"])
            and ("subtype" not in wanted or (content.subtype or "page") == wanted["subtype"])
            and (wanted.get("depth") != "root" or content.parent_id is None)
            and (spaces is None or content.space_id in spaces)
        )
        return content if fits else None

    cap = call.switches.bulk_body_cap if "body-format" in wanted else None
    return answer_list(call, keys, select, lambda content: answers.content(call, content), cap=cap)


def _space_keys(call: Call, kind: ContentKind, spaces: Sequence[str]) -> Keys:
    field, descending = _order(call)
    if field == "id":
        return Keys([call.world.sorted_ids.get((space, kind), []) for space in spaces], field, descending)
    value = SORT_VALUES[field]
    return Keys([call.world.in_order(space, kind, field, value) for space in spaces], field, descending)


def _sorted_keys(call: Call, items: Iterable[Content | Space | Attachment]) -> Keys:
    field, descending = _order(call)
    if field == "id":
        return Keys([sorted(map(_number, items))], field, descending)
    value = SORT_VALUES[field]
    keys: list[Key] = sorted((value(item), _number(item)) for item in items)
    return Keys([keys], field, descending)


def _number(item: Content | Space | Attachment) -> int:
    return int(item.id.removeprefix("att"))


def _order(call: Call) -> tuple[str, bool]:
    """The sort field and whether it goes down; the id where nothing is asked for."""
    sort = call.arguments.get("sort", "id")
    return sort.removeprefix("-"), sort.startswith("-")


def _get_content(call: Call, kind: ContentKind) -> Reply:
    wanted = call.arguments
    content = _visible_content(call, str(wanted["id"]), kind)
    if content is not None and "version" in wanted:
        content = next((c for c in (content, *content.past) if c.version.number == wanted["version"]), None)
    if content is None or content.status not in wanted.get("status", (content.status,)):
        return v2_not_found()
    return Reply(json=answers.content(call, content, single=True))


def _visible_content(call: Call, content_id: str, kind: ContentKind | None = None) -> Content | None:
    content = call.world.contents.get(content_id)
    if content is None or content.status == "draft" or not call.viewer.sees(content):
        return None
    return content if kind in (None, content.kind) else None


def _list_attachments(call: Call, kind: ContentKind) -> Reply:
    wanted = call.arguments
    container = _visible_content(call, str(wanted["id"]), kind)
    if container is None:
        return v2_not_found()
    statuses = wanted.get("status", ("current", "archived"))

    def select(number: int) -> Attachment | None:
        item = call.world.attachments[f"att{number}"]
        fits = (
            item.status in statuses
            and ("mediaType" not in wanted or item.media_type == wanted["mediaType"])
            and ("filename" not in wanted or item.title == wanted["filename"])
        )
        return item if fits else None

    held = (call.world.attachments[each] for each in call.world.by_container.get(container.id, ()))
    return answer_list(call, _sorted_keys(call, held), select, lambda item: answers.attachment(call, item))


def _visible_attachment(call: Call, attachment_id: str) -> Attachment | None:
    attachment = call.world.attachments.get(attachment_id)
    if attachment is None or _visible_content(call, attachment.container_id) is None:
        return None
    return attachment


def _of_version(attachment: Attachment, number: int) -> Attachment | None:
    every = (attachment, *attachment.past)
    return next((each for each in every if each.version.number == number), None)
