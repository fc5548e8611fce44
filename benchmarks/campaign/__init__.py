"""Campaigns that prove the mirror survives: kills, refusing disks, hostile servers, all over a run."""
