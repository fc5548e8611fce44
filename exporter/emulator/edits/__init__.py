"""What people do to a site besides editing its pages: the methods that `World` has from here."""

from exporter.emulator.edits.annotations import Annotations
from exporter.emulator.edits.comments import Comments
from exporter.emulator.edits.customs import Customs
from exporter.emulator.edits.tasks import Tasks

__all__ = ["Annotations", "Comments", "Customs", "Tasks"]
