"""The step decorator, or what says why there is none: an error here would break every `import metaflow`."""

from metaflow.decorators import StepDecorator

from .skafd_fault import fault

try:
    from .skafd_decorator import SkafdInternalDecorator
except Exception as error:
    # Its text asks Metaflow for its version, and Metaflow is not yet imported.
    _FAULT = error

    class SkafdInternalDecorator(StepDecorator):
        """Fails where it is attached to a step."""

        name = "skafd_internal"

        def step_init(self, *_, **__):
            """Says what is wrong."""
            raise fault(_FAULT)
