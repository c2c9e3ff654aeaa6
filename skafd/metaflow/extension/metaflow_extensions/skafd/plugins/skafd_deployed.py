"""What `Deployer` gives back: a flow that is deployed, and a run of it."""

import json
import os
import sys
import tempfile
import time

from metaflow.client.core import get_metadata
from metaflow.exception import MetaflowException
from metaflow.runner.deployer import DeployedFlow, Deployer, TriggeredRun, generate_fake_flow_file_contents
from metaflow.runner.utils import get_lower_level_group, handle_timeout, temporary_fifo

from .skafd_program import run_of, runs_of, show, slug_of
from .skafd_project import deployed_description, deployed_names


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

    def terminate(self, **kwargs):
        """Ends the run; `authorize` may be given. True where it was not over and nobody hindered that."""
        return self.is_running and _done(self.deployer, "terminate", run_id=self.pathspec.split("/")[1], **kwargs)


class SkafdDeployedFlow(DeployedFlow):
    """A flow that skafd has."""

    TYPE = "skafd"

    @classmethod
    def list_deployed_flows(cls, flow_name=None):
        """All that this user has deployed, or those of one flow's name."""
        for name in deployed_names():
            if flow_name is None or deployed_description(name)["flow"] == flow_name:
                yield cls.from_deployment(name)

    @classmethod
    def from_deployment(cls, identifier, metadata=None):
        """The flow that is deployed under that name. Raises MetaflowException where there is none."""
        said = deployed_description(identifier)
        if said is None:
            names = ", ".join(deployed_names()) or "none"
            raise MetaflowException("No deployed flow found for: %s. Deployed are: %s" % (identifier, names))
        project = said["project"]
        with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
            parameters = {one["name"]: _as_parameter(one) for one in said["parameters"]}
            file.write(generate_fake_flow_file_contents(said["flow"], parameters, project["project_name"]))
        env = {"METAFLOW_USER": said["owner"]} if said["owner"] else {}
        if project["project_name"]:
            deployer = Deployer(file.name, env=env, **_branch(project["branch_name"])).skafd()
        else:
            deployer = Deployer(file.name, env=env).skafd(name=identifier)
        deployer.name, deployer.flow_name = identifier, said["flow"]
        deployer.metadata = get_metadata() if metadata is None else metadata
        return cls(deployer=deployer)

    @classmethod
    def get_triggered_run(cls, identifier, run_id, metadata=None):
        """A run of the flow that is deployed under that name."""
        deployer = cls.from_deployment(identifier, metadata).deployer
        return _triggered(deployer, "%s/%s" % (deployer.flow_name, run_id), run_id)

    @property
    def production_token(self):
        """By it others may deploy the flow anew, and find its runs; None where nothing is deployed any more."""
        return (deployed_description(self.deployer.name) or {}).get("token")

    def runs(self):
        """All runs of it that skafd knows, newest first, whoever started them."""
        for run in runs_of(slug_of(self.deployer.name)):
            pathspec = show(run["run"])["flows"].get(self.flow_name)
            if pathspec:
                yield _triggered(self.deployer, pathspec, pathspec.split("/")[1])

    def delete(self, **kwargs):
        """Takes the flow off skafd; `authorize` may be given. True unless somebody hindered that."""
        return _done(self.deployer, "delete", **kwargs)

    def trigger(self, **kwargs):
        """Starts a run with these parameters. Returns a SkafdTriggeredRun."""
        return self._start("trigger", **kwargs)

    def resume(self, origin_run_id=None, step_to_rerun=None, **kwargs):
        """Runs again what did not succeed in a run, or all from a step on. Returns a SkafdTriggeredRun.

        Parameters that are not given are those of that run; the code is what is deployed now.
        """
        said = {"origin_run_id": origin_run_id, "step_to_rerun": step_to_rerun}
        return self._start("resume", **dict(kwargs, **{key: value for key, value in said.items() if value}))

    def _start(self, command, **kwargs):
        deployer = self.deployer
        with temporary_fifo() as (path, descriptor):
            process = _execute(deployer, command, deployer_attribute_file=path, **kwargs)
            content = handle_timeout(descriptor, process, deployer.file_read_timeout)
            process.sync_wait()
            if process.process.returncode == 0:
                return SkafdTriggeredRun(deployer=deployer, content=content)
        raise RuntimeError("%s could not be started: `%s` failed" % (deployer.name, command))


def _triggered(deployer, pathspec, name):
    content = {"metadata": deployer.metadata, "pathspec": pathspec, "name": name}
    return SkafdTriggeredRun(deployer=deployer, content=json.dumps(content))


def _execute(deployer, command, **kwargs):
    group = get_lower_level_group(deployer.api, deployer.top_level_kwargs, deployer.TYPE, deployer.deployer_kwargs)
    pid = deployer.spm.run_command(
        [sys.executable, *getattr(group, command)(**kwargs)],
        env=deployer.env_vars,
        cwd=deployer.cwd if os.path.isdir(deployer.cwd) else None,
        show_output=deployer.show_output,
    )
    return deployer.spm.get(pid)


def _done(deployer, command, **kwargs):
    process = _execute(deployer, command, **kwargs)
    process.sync_wait()
    return process.process.returncode == 0


def _as_parameter(one):
    """As Metaflow makes a flow file of it that has the same options."""
    return {
        "name": one["name"],
        "python_var_name": one.get("variable", one["name"]),
        "type": one["type"],
        "description": one["help"] or "",
        "is_required": one["is_required"],
    }


def _branch(branch):
    """What `--branch` and `--production` were."""
    if branch == "prod":
        return {"production": True}
    if branch.startswith("prod."):
        return {"production": True, "branch": branch[len("prod.") :]}
    return {"branch": branch[len("test.") :]} if branch.startswith("test.") else {}
