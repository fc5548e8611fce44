"""From a request of the API, wherever it came in, to its handler.

To serve one more operation: write its function, name it in `exporter.emulator.routes`, and
let `exporter.emulator.facts` write its entry into ``facts.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.emulator.access import Token, Viewer, opens
from exporter.emulator.call import Call
from exporter.emulator.content import Attachment
from exporter.emulator.operations import BadParameter, Operation, operations
from exporter.emulator.reply import (
    Reply,
    no_product_access,
    scope_mismatch,
    v1_error,
    v1_gone,
    v2_bad_request,
    v2_error,
    v2_not_found,
)
from exporter.emulator.routes import HANDLERS, NOT_EMULATED, REMOVED, V1
from exporter.emulator.switches import Switches
from exporter.emulator.world import World


@dataclass(frozen=True, slots=True)
class Api:
    """``sign`` makes a media address; ``on_answer`` sees template, method, status and JSON of each answer."""

    world: World
    switches: Switches
    site_url: str
    sign: Callable[[Attachment], str]
    on_answer: Callable[[str, str, int, object], None] | None = None

    def answer(
        self,
        method: str,
        path: str,
        query: tuple[tuple[str, str], ...],
        token: Token | None,
        body: bytes = b"",
    ) -> Reply:
        """``path`` is the site's own; ``token`` is one that was accepted, None is anonymous."""
        if token is not None and not self.switches.product_access:
            return no_product_access()
        if method == "GET" and REMOVED.fullmatch(path):
            return v1_gone()
        found = operations().find(method, path)
        if found is None:
            return _no_operation(path)
        operation, values = found
        if token is not None and not opens(token, operation, self.switches):
            return scope_mismatch()
        reply = self._call(operation, path, values, query, self._viewer(token), body)
        if self.on_answer is not None and reply.json is not None:
            self.on_answer(operation.path, method, reply.status, reply.json)
        return reply

    def _viewer(self, token: Token | None) -> Viewer:
        if token is None:
            return Viewer(None, self.world)
        user = self.world.users[token.account_id] if token.account_id else self.world.me
        return Viewer(user, self.world)

    def _call(
        self,
        operation: Operation,
        path: str,
        values: Mapping[str, str],
        query: tuple[tuple[str, str], ...],
        viewer: Viewer,
        body: bytes,
    ) -> Reply:
        try:
            arguments = operation.arguments(values, query, strict=self.switches.strict)
        except BadParameter as error:
            return v1_error(400, str(error)) if operation.is_v1 else v2_bad_request(str(error))
        for name, value in arguments.items():
            if value and name in NOT_EMULATED:
                return v2_error(501, "NOT_EMULATED", f"The emulator does not know '{name}'")
        call = Call(
            operation,
            path,
            query,
            arguments,
            viewer,
            self.world,
            self.switches,
            self.site_url,
            self.sign,
            body,
        )
        return HANDLERS[f"{operation.method} {operation.path}"](call)


def _no_operation(path: str) -> Reply:
    if operations().methods(path):
        return v2_error(405, "METHOD_NOT_ALLOWED", "Method Not Allowed")
    return v1_error(404, "Not Found") if path.startswith(V1) else v2_not_found()
