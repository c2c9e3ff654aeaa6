"""The step decorator, or what says why there is none: an error here would break every `import metaflow`."""

from metaflow.decorators import StepDecorator

from .skafd_fault import fault

try:
    from .skafd_decorator import SkafdInternalDecorator
except Exception as error:
    _FAULT = fault(error)

    class SkafdInternalDecorator(StepDecorator):
        """Fails where it is attached to a step."""

        name = "skafd_internal"

        def step_init(self, *_, **__):
            """Says what is wrong."""
            raise _FAULT
