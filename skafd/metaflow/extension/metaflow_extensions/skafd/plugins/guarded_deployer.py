"""The deployer, or what says why there is none: an error here would break every `import metaflow`."""

from .skafd_fault import fault

try:
    from .skafd_deployer import SkafdDeployer
except Exception as error:
    # Its text asks Metaflow for its version, and Metaflow is not yet imported.
    _FAULT = error

    class SkafdDeployer:
        """Fails where it is used."""

        TYPE = "skafd"

        def __init__(self, *_, **__):
            raise fault(_FAULT)
