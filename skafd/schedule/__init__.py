"""When jobs are due: expressions (cron, intervals) and the timetable of all of them. Pure."""

from skafd.schedule.expression import Expression, parse
from skafd.schedule.timetable import Due, Occurrence, Plan, PlannedUntil, Timetable

__all__ = ["Due", "Expression", "Occurrence", "Plan", "PlannedUntil", "Timetable", "parse"]
