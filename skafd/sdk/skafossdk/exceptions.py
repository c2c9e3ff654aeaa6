"""Every error that the SDK raises on purpose."""


class SkafosError(Exception):
    """What happened and what to do about it, in one sentence."""


class CallbackNotFound(SkafosError):
    """A callback that cannot be called."""


class DataEngineError(SkafosError):
    """The data engine did not do what was asked."""


class EventNotFound(SkafosError):
    """An event that does not exist."""


class EnvVarNotFound(SkafosError):
    """A variable that has to be set and is not."""

    def __init__(self, name: str) -> None:
        # Spelled as programs have always seen it.
        super().__init__(f"Environmnet variable, {name}, is not set")
        self.name = name


class Unauthorized(SkafosError):
    """The token is not good for this."""


class InvalidRequestMethod(SkafosError):
    """A call that does not exist."""


class MissingRequiredParameters(SkafosError):
    """A call without something that it needs."""


class QueueError(SkafosError):
    """The queue did not do what was asked."""


class NotFound(SkafosError):
    """Something that was named does not exist."""


class Refused(SkafosError):
    """The request was understood and is not carried out."""


class Unreachable(SkafosError):
    """No skafd answers."""
