"""Nodes of the new editor inside of storage format (`ac:adf-extension`)."""

from __future__ import annotations

from exporter.site.body.document import AdfExtension, AdfNode, Box, Element, Node, Panel

_PANELS = {"info", "note", "tip", "warning", "error", "success"}


def shown(node: AdfExtension | AdfNode) -> tuple[Node, ...]:
    """As nodes that writers know, the macros in them not yet replaced. What isn't known here is shown as its
    fallback, or else in a box."""
    match node:
        case AdfExtension(node=None, fallback=fallback):
            return fallback
        case AdfExtension(node=AdfNode() as inner, fallback=fallback):
            return _known(inner) or fallback or (_boxed(inner),)
        case AdfNode():
            return _known(node) or (_boxed(node),)
    return ()


def _known(node: AdfNode) -> tuple[Node, ...]:
    match node.type:
        case "panel":
            kind = node.attributes.get("panel-type", "").lower()
            return (Panel(kind if kind in _PANELS else "panel", "", node.children),)
        case "decision-list":
            return (Element("ul", {"class": "decisions"}, {}, node.children),)
        case "decision-item":
            return (Element("li", {}, {}, node.children),)
    return ()


def _boxed(node: AdfNode) -> Box:
    return Box(node.type, node.attributes, "This part is shown in Confluence only.", node.children)
