"""`Deployer("flow.py").skafd()`"""

from metaflow.runner.deployer_impl import DeployerImpl


class SkafdDeployer(DeployerImpl):
    """Deploys to the skafd of this machine. Options of the constructor: `name`."""

    TYPE = "skafd"

    def __init__(self, deployer_kwargs, **kwargs):
        self._deployer_kwargs = deployer_kwargs
        super().__init__(**kwargs)

    @property
    def deployer_kwargs(self):
        """Options of the group of commands."""
        return self._deployer_kwargs

    @staticmethod
    def deployed_flow_type():
        """Imported when it is asked for: at import time it would be a circle."""
        from .skafd_deployed import SkafdDeployedFlow

        return SkafdDeployedFlow

    def create(self, **kwargs):
        """Deploys the flow; `tags` and `max_workers` may be given. Returns a SkafdDeployedFlow."""
        from .skafd_deployed import SkafdDeployedFlow

        return self._create(SkafdDeployedFlow, **kwargs)
