"""The tables of a manifest, and how those of former versions become these."""

from __future__ import annotations

SCHEMA_VERSION = 3
APPLICATION_ID = 0x43_66_45_78  # "CfEx": what file(1) and we know the file by

_PEOPLE = """
CREATE TABLE people (
    kind TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL, account TEXT NOT NULL,
    PRIMARY KEY (kind, id, role, account)
) WITHOUT ROWID;
"""
_JOURNALS = """
CREATE TABLE writing (path TEXT PRIMARY KEY, size INTEGER NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE leaving (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
"""`writing`: what is about to be put over a recorded file, so that after a kill either may be there.
`leaving`: files no longer recorded that still have to be removed."""
SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    kind TEXT NOT NULL, id TEXT NOT NULL, container TEXT, title TEXT NOT NULL,
    version_number INTEGER, version_date TEXT NOT NULL, missing_since TEXT,
    state TEXT, listed_sha256 TEXT,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX items_by_container ON items (container) WHERE container IS NOT NULL;
CREATE TABLE files (
    kind TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, id, role)
) WITHOUT ROWID;
{_PEOPLE}
{_JOURNALS}
"""
MIGRATIONS = {
    # Who is named in the bodies isn't recorded yet: without a version number they are fetched again.
    1: f"""
ALTER TABLE items ADD COLUMN state TEXT;
ALTER TABLE items ADD COLUMN listed_sha256 TEXT;
UPDATE items SET version_number = NULL WHERE kind IN ('page', 'blogpost');
UPDATE items SET state = 'gone' WHERE missing_since IS NOT NULL;
{_PEOPLE}
""",
    2: f"""
ALTER TABLE files ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0;
{_JOURNALS}
""",
}
"""From each former schema to the next."""
