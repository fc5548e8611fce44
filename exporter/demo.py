"""The main job against the embedded emulator: no account, no network."""

from __future__ import annotations

from pathlib import Path

from exporter.app import Options, export
from exporter.config import load
from exporter.emulator import FULL_SCOPES, Emulator, Token
from exporter.emulator.sample import sample_world
from exporter.progress import Progress
from exporter.summary import SpaceRun

SPACE = "DEMO"


async def demo(out: Path, *, progress: Progress) -> list[SpaceRun]:
    """The very same export as for a real site, over loopback HTTP.

    The emulated site's cloud id is fixed, so a second demo into the same folder is incremental.
    """
    token = Token("demo-token", "mirror.robot@keepers.example", scopes=FULL_SCOPES)
    async with Emulator(sample_world(), [token]) as emulator:
        settings = load(
            {
                "site": emulator.site_url,
                "email": token.email,
                "api_token": token.secret,
                "auth": {"kind": "auto", "client_id": token.client_id, "url": emulator.urls["auth"]},
                "cloud_id": "",
                "gateway_url": emulator.gateway_url,
                "media_hosts": emulator.media_host,
                "proxy": None,
                "token_expires": None,
                "ca_file": None,
                "space": (SPACE,),
                "site_aliases": ("keepers.example",),
            }
        )
        return await export(settings, out, options=Options(), progress=progress)


def what_next(out: Path) -> str:
    """What to look at after a demo."""
    folder = out / SPACE
    return (
        f"The sample space is in {folder}:\n"
        f"  {folder / 'site' / 'index.html'}  the offline documentation: open it in a browser\n"
        f"  {folder / 'tree.json'}      the page tree, with each page's file\n"
        f"  {folder / 'raw'}            bodies, metadata, attachments\n"
        f"  {folder / 'last-run.json'}  what this run did\n"
        "Run the demo again to see an incremental run. For your own space, README.md says how."
    )
