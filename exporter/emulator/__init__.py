"""A small, strict Confluence Cloud for tests and demonstrations, on this machine alone.

async with Emulator(world, tokens=[Token("secret", "me@example.com")]) as emulator:
    environment = emulator.environment(emulator.tokens[0])
"""

from exporter.emulator.access import FULL_SCOPES, LEAST_SCOPES, TREE_SCOPES, Token
from exporter.emulator.content import (
    Attachment,
    Binary,
    Comment,
    Content,
    ContentKind,
    CustomContent,
    Label,
    Permission,
    Property,
    Restriction,
    RoleAssignment,
    Space,
    Status,
    Task,
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
    "FULL_SCOPES",
    "LEAST_SCOPES",
    "MISSING",
    "TREE_SCOPES",
    "Attachment",
    "Binary",
    "Comment",
    "Content",
    "ContentKind",
    "CustomContent",
    "Emulator",
    "Fault",
    "FaultKind",
    "Label",
    "Permission",
    "Property",
    "Recorded",
    "Requests",
    "Restriction",
    "RoleAssignment",
    "Space",
    "Status",
    "Switches",
    "Task",
    "Token",
    "User",
    "Version",
    "World",
    "timestamp",
]
