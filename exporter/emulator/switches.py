"""How the emulated site behaves where sites differ, or where it is not known how they behave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """May be changed at any time; the next request sees it.

    Strictness:
        strict: an unknown query parameter is refused with 400; the real API ignores it.
        bare_attachment_ids: v2 accepts an attachment id without ``att``; else 400, as reported.
        keys_match_alias: ``/spaces?keys=`` also finds a space by ``currentActiveAlias``.
        archived_spaces: ``/spaces`` without ``status`` lists archived spaces, too.
        clock_ahead: seconds that the site's clock, as its answers tell it, is ahead of this machine's.
        time_zone: of whoever asks; dates in CQL are in it.

    Credentials:
        classic_opens_v1, granular_opens_v1: which of the two scope lists opens a v1 endpoint.
        unscoped_on_gateway: the gateway takes tokens without scopes.
        bearer_as_basic: the gateway takes a service account's token as Basic, too.
        access_token_seconds: how long an access token is good, from which on it answers 401.
        anonymous_site: the site answers bad or absent credentials with its public content.
        product_access: False answers 403 to everything the token asks.

    Limits:
        bulk_body_cap: lists with ``body-format`` silently hold at most so many items.
        rate_limit: API requests per second, with a burst of the same size; more get 429.
        parallel_limit: API requests in flight; more get 429.
        retry_after: the header sent with those 429; None sends none.
        latency: seconds that each request waits first.
        compress: JSON goes out as gzip to whoever accepts it.

    Comments, tree and search:
        hidden_resolutions: what lists of inline comments leave out when no ``resolution-status`` is asked.
        site_replies: the site-wide lists of comments hold replies, too.
        resolving_moves: resolving an inline comment counts for the sort by ``modified-date``.
        hidden_children: the lists of the tree name what the token may not read.
        null_position_bug: direct children after one without a position are lost (CONFCLOUD-84015).
        versions_body_cap: lists of versions with ``body-format`` hold at most so many.
        index_lag: seconds of the world's time until CQL knows of a change.

    Downloads:
        media_ttl: seconds that a signed address is good for; None is for ever.
        media_uses: how often it can be used; None is without end.
        direct_200_download: the API answers the bytes itself instead of redirecting.
    """

    strict: bool = True
    bare_attachment_ids: bool = False
    keys_match_alias: bool = False
    archived_spaces: bool = True
    clock_ahead: float = 0.0
    time_zone: str = "UTC"

    classic_opens_v1: bool = True
    granular_opens_v1: bool = True
    unscoped_on_gateway: bool = False
    bearer_as_basic: bool = False
    access_token_seconds: float = 3600.0
    anonymous_site: bool = False
    product_access: bool = True

    bulk_body_cap: int | None = None
    rate_limit: float | None = None
    parallel_limit: int | None = None
    retry_after: str | None = None
    latency: float = 0.0
    compress: bool = False

    hidden_resolutions: frozenset[str] = frozenset()
    site_replies: bool = True
    resolving_moves: bool = False
    hidden_children: bool = False
    null_position_bug: bool = False
    versions_body_cap: int | None = 50
    index_lag: float = 0.0

    media_ttl: float | None = None
    media_uses: int | None = None
    direct_200_download: bool = False
