"""Why a token isn't accepted: every other way of using it is tried, and what that shows is said."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.confluence.access import WHERE, Credentials, Refusal, SignedIn, TokenKind, try_one
from exporter.confluence.scopes import TOKEN_PAGE
from exporter.confluence.transport import Transport
from exporter.errors import Anonymous, NoProductAccess, NotFound

_INSTEAD: dict[TokenKind, str] = {
    "scoped": "it is a token with scopes, which works at the gateway only, as Basic with the e-mail address",
    "unscoped": "it is a token without scopes, which works at the site's own address only. It may do "
    "whatever its owner may: a token with scopes is safer",
    "bearer": "it wants to be sent as Bearer, as tokens of service accounts do",
}


async def look_closer(
    transport: Transport, credentials: Credentials, refusals: Sequence[Refusal], *, cloud_id: str
) -> SignedIn | list[Refusal]:
    """Try each way that wasn't tried yet: the first that works, or all refusals."""
    found = list(refusals)
    for kind in _ways(credentials):
        if kind not in {each.kind for each in found}:
            tried = await try_one(
                transport, credentials, kind, cloud_id=cloud_id, key=None, after_others=True
            )
            if isinstance(tried, SignedIn):
                return tried
            found.append(tried)
    return found


def _ways(credentials: Credentials) -> list[TokenKind]:
    if credentials.access_tokens is not None:
        return []
    return ["scoped", "unscoped", "bearer"] if credentials.email else ["bearer"]


def instead(kind: TokenKind) -> str:
    """What to change when the token was accepted in this way, and not as it was told to be used."""
    return f"the token is accepted {WHERE[kind]}: {_INSTEAD[kind]}. Set CONFLUENCE_AUTH_KIND={kind}"


def why(refusals: Sequence[Refusal], credentials: Credentials) -> list[str]:
    """What the refusals together say, the likeliest first."""
    errors = [each.error for each in refusals]
    if credentials.access_tokens is not None:
        return [str(error) for error in errors]
    said = []
    for error in errors:
        if isinstance(error, (NoProductAccess, Anonymous)) and str(error) not in said:
            said.append(str(error))
    nowhere = [each for each in refusals if each.kind != "unscoped" and isinstance(each.error, NotFound)]
    if any(each.kind == "scoped" for each in nowhere):
        said.append("the gateway knows no Confluence under this cloud id: is CONFLUENCE_CLOUD_ID right?")
    if not credentials.email:
        said.append(
            "no e-mail address is set, so the token was sent as Bearer, which only tokens of service "
            "accounts and OAuth want: a user's token needs CONFLUENCE_EMAIL"
        )
    if not said:
        said.append(
            "the token is accepted nowhere. A wrong, a revoked and an expired one look alike: is it whole, "
            "was it made for Confluence (a token with scopes is for one product), is CONFLUENCE_EMAIL its "
            f"owner's, and has it not ended? A new one is made at {TOKEN_PAGE}"
        )
    return said
