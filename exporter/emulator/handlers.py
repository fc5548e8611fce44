"""One function for each operation: the Call in, the Reply out."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.emulator import answers
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment, Content, ContentKind, Space
from exporter.emulator.lookup import (
    SORT_VALUES,
    asked_attachment,
    is_shown,
    kept_keys,
    not_emulated,
    order,
    sorted_keys,
    visible_attachment,
    visible_content,
    visible_custom,
    visible_space,
)
from exporter.emulator.paging import Keys, answer_list
from exporter.emulator.reply import Reply, v1_error, v2_not_found


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

    keys = sorted_keys(call, call.world.spaces.values())
    return answer_list(call, keys, select, lambda space: answers.space(call, space))


def get_space(call: Call) -> Reply:
    space = visible_space(call, str(call.arguments["id"]))
    if space is None:
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


def list_custom_attachments(call: Call) -> Reply:
    return _list_attachments(call, None)


def list_attachments(call: Call) -> Reply:
    """Those of the whole site; not of what is in the trash."""
    items = call.world.attachments.values()
    field, _ = order(call)
    keys = kept_keys(call, "attachments", items, SORT_VALUES.get(field, SORT_VALUES["title"]))

    def select(number: int) -> Attachment | None:
        item = call.world.attachments[f"att{number}"]
        return item if _fits(call, item) and is_shown(call, item.container_id) else None

    return answer_list(call, keys, select, lambda item: answers.attachment(call, item))


def get_attachment(call: Call) -> Reply:
    attachment = asked_attachment(call)
    if isinstance(attachment, Reply):
        return attachment
    if "version" not in call.arguments:
        return Reply(json=answers.attachment(call, attachment, single=True))
    former = _of_version(attachment, call.arguments["version"])
    return v2_not_found() if former is None else Reply(json=answers.attachment(call, former, single=True))


def download_attachment(call: Call) -> Reply:
    wanted = call.arguments
    attachment = visible_attachment(call, wanted["attachmentId"])
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
    if "expand" in call.arguments:
        return not_emulated("expand")
    return Reply(json=answers.user(call.viewer.user, call.switches.time_zone))


# --- what several of them share ---------------------------------------------------------


def _list_of_space(call: Call, kind: ContentKind, usual: Sequence[str]) -> Reply:
    space = visible_space(call, str(call.arguments["id"]))
    if space is None:
        return v2_not_found()
    return _list_contents(call, _space_keys(call, kind, [space.id]), usual)


def _list_of_site(call: Call, kind: ContentKind, usual: Sequence[str]) -> Reply:
    world, wanted = call.world, call.arguments
    if "id" in wanted:
        found = (world.contents.get(str(number)) for number in set(wanted["id"]))
        keys = sorted_keys(call, [each for each in found if each is not None and each.kind == kind])
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
    field, descending = order(call)
    if field == "id":
        return Keys([call.world.sorted_ids.get((space, kind), []) for space in spaces], field, descending)
    value = SORT_VALUES[field]
    return Keys([call.world.in_order(space, kind, field, value) for space in spaces], field, descending)


def _get_content(call: Call, kind: ContentKind) -> Reply:
    wanted = call.arguments
    content = visible_content(call, str(wanted["id"]), kind)
    if content is not None and "version" in wanted:
        content = next((c for c in (content, *content.past) if c.version.number == wanted["version"]), None)
    if content is None or content.status not in wanted.get("status", (content.status,)):
        return v2_not_found()
    return Reply(json=answers.content(call, content, single=True))


def _list_attachments(call: Call, kind: ContentKind | None) -> Reply:
    asked = str(call.arguments["id"])
    container = visible_custom(call, asked) if kind is None else visible_content(call, asked, kind)
    if container is None:
        return v2_not_found()

    def select(number: int) -> Attachment | None:
        item = call.world.attachments[f"att{number}"]
        return item if _fits(call, item) else None

    held = (call.world.attachments[each] for each in call.world.by_container.get(container.id, ()))
    return answer_list(call, sorted_keys(call, held), select, lambda item: answers.attachment(call, item))


def _fits(call: Call, item: Attachment) -> bool:
    wanted = call.arguments
    return (
        item.status in wanted.get("status", ("current", "archived"))
        and ("mediaType" not in wanted or item.media_type == wanted["mediaType"])
        and ("filename" not in wanted or item.title == wanted["filename"])
    )


def _of_version(attachment: Attachment, number: int) -> Attachment | None:
    every = (attachment, *attachment.past)
    return next((each for each in every if each.version.number == number), None)
