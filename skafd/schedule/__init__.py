from skafd.schedule.expression import Expression, parse

__all__ = ["Expression", "parse"]
