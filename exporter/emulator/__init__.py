"""A small, strict Confluence Cloud for tests and demonstrations, on this machine alone.

async with Emulator(world, tokens=[Token("secret", "me@example.com")]) as emulator:
    environment = emulator.environment(emulator.tokens[0])
"""

from exporter.emulator.access import LEAST_SCOPES, TREE_SCOPES, Token
from exporter.emulator.content import (
    Attachment,
    Binary,
    Content,
    ContentKind,
    Space,
    Status,
    User,
    Version,
    timestamp,
)
from exporter.emulator.emulator import Emulator, Requests
from exporter.emulator.faults import MISSING, Fault, FaultKind
from exporter.emulator.recorded import Recorded
from exporter.emulator.switches import Switches
from exporter.emulator.world import EPOCH, World

__all__ = [
    "EPOCH",
    "LEAST_SCOPES",
    "MISSING",
    "TREE_SCOPES",
    "Attachment",
    "Binary",
    "Content",
    "ContentKind",
    "Emulator",
    "Fault",
    "FaultKind",
    "Recorded",
    "Requests",
    "Space",
    "Status",
    "Switches",
    "Token",
    "User",
    "Version",
    "World",
    "timestamp",
]
