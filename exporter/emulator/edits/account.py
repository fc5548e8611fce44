"""Who did it."""

from __future__ import annotations

from exporter.emulator.content import User


def account(user: User | str) -> str:
    """The account id, whichever of the two was given."""
    return user if isinstance(user, str) else user.account_id
