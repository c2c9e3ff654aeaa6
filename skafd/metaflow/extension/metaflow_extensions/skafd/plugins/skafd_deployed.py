"""What `Deployer` gives back: a flow that is deployed, and a run of it."""

import sys
import time

from metaflow.runner.deployer import DeployedFlow, TriggeredRun
from metaflow.runner.utils import get_lower_level_group, handle_timeout, temporary_fifo

from .skafd_program import ask, run_of, show, slug_of
from .skafd_project import remove_project


class SkafdTriggeredRun(TriggeredRun):
    """A run that was started by hand."""

    @property
    def skafd_run(self):
        """`hello/3`, as skafd calls it."""
        return run_of(slug_of(self.deployer.name), self.pathspec.split("/")[1])

    @property
    def status(self):
        """running, succeeded, failed or cancelled; Metaflow itself knows only of success."""
        return show(self.skafd_run)["summary"]["state"]

    @property
    def is_running(self):
        """It has not ended."""
        return self.status == "running"

    def wait_for_completion(self, check_interval=1, timeout=None):
        """Returns when the run has ended. Raises TimeoutError after `timeout` seconds."""
        until = None if timeout is None else time.time() + timeout
        while self.is_running:
            if until is not None and time.time() > until:
                raise TimeoutError("%s has not ended within %s seconds" % (self.pathspec, timeout))
            time.sleep(check_interval)

    def terminate(self):
        """Ends the run; True where it was not over."""
        if not self.is_running:
            return False
        ask("kill", self.skafd_run)
        return True


class SkafdDeployedFlow(DeployedFlow):
    """A flow that skafd has."""

    TYPE = "skafd"

    @property
    def production_token(self):
        """There is none: who may use the machine's skafd may use its flows."""
        return None

    def delete(self):
        """Takes the flow off skafd; True, since nobody can hinder that."""
        ask("forget", slug_of(self.deployer.name))
        remove_project(self.deployer.name)
        return True

    def trigger(self, **kwargs):
        """Starts a run with these parameters. Returns a SkafdTriggeredRun."""
        deployer = self.deployer
        with temporary_fifo() as (path, descriptor):
            group = get_lower_level_group(
                deployer.api, deployer.top_level_kwargs, deployer.TYPE, deployer.deployer_kwargs
            )
            command = group.trigger(deployer_attribute_file=path, **kwargs)
            pid = deployer.spm.run_command(
                [sys.executable, *command],
                env=deployer.env_vars,
                cwd=deployer.cwd,
                show_output=deployer.show_output,
            )
            process = deployer.spm.get(pid)
            content = handle_timeout(descriptor, process, deployer.file_read_timeout)
            process.sync_wait()
            if process.process.returncode == 0:
                return SkafdTriggeredRun(deployer=deployer, content=content)
        raise RuntimeError("%s could not be triggered" % deployer.name)
