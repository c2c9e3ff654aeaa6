"""The commands by which the tasks of a flow run."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from pathlib import Path

from skafd.metaflow.datastore import run_id
from skafd.metaflow.provision import Provision, provide
from skafd.metaflow.tasks import FlowTask, command_of, environment_of, shorten
from skafd.model.flow import ON_ERROR, SETUP, Flow, FlowStep, Gang, StepKind, Token
from skafd.model.ids import AttemptKey, JobId, TaskKey
from skafd.model.particulars import Place
from skafd.model.project import Parameter
from skafd.model.run import Cause, CauseKind
from tests.support.world import job
from tests.unit.metaflow.test_datastore import RUN

STEPS = (FlowStep("start", StepKind.LINEAR, ("end",), decorators=("retry:times=2",)), FlowStep("end", StepKind.LINEAR))
FLOW = Flow("Churn", "flow.py", "start", STEPS, options=("--branch=b",), tags=("nightly",), on_error=("cry",))


def task(token: Token, tries: int = 1, flow: Flow = FLOW, inputs: tuple[tuple[str, int], ...] = ()) -> FlowTask:
    parameters = (Parameter("alpha", "int", "3"), Parameter("day"))
    return FlowTask(
        run=replace(RUN, parameters=(("day", "monday"), ("other", "1"))),
        job=job("flow", flow=flow, parameters=parameters),
        flow=flow,
        attempt=AttemptKey(TaskKey(RUN.key, JobId("flow"), 7), tries + 3),
        place=Place("start", token, inputs, 2, tries_before=tries - 1),
        python=Path("/env/bin/python"),
        local_root=Path("/project/.metaflow"),
        provision=Provision(Path("/sdk/metaflow-1")),
    )


def test_the_parameters_are_kept_first() -> None:
    command = command_of(task(Token(SETUP)))
    run_id = command[4].split("/")[-4]
    assert command[:6] == (
        *("/env/bin/python", "-I", "-S", "/sdk/metaflow-1/inside/run_step.py"),
        f"--logs=/project/.metaflow/Churn/{run_id}/_parameters/t7/0",
        "--",
    )
    rest = command[command.index("init") :]
    assert rest == ("init", "--run-id", run_id, "--task-id", "t7", "--tag=nightly", "--alpha=3", "--day=monday")


def test_a_step_is_told_its_inputs_how_often_it_was_tried_and_its_item() -> None:
    command = command_of(task(Token("start", (3,), index=4), tries=2, inputs=(("before", 3),)))
    text = " ".join(command)
    run_id = text.split("--run-id ")[1].split()[0]
    assert f"step start --run-id {run_id} --task-id t7 --input-paths {run_id}/before/t3 --retry-count 1" in text
    assert "--max-user-code-retries 2 --split-index 4 --tag=nightly" in text
    assert "flow.py --branch=b --quiet" in text
    assert "--datastore-root=/project/.metaflow --with=retry:times=2 --with=skafd_internal" in text
    assert "Churn" in text.split("--logs=")[1].split()[0]


def test_a_gang_and_what_follows_it() -> None:
    assert "--ubf-context ubf_control --num-parallel 4" in " ".join(
        command_of(task(Token("start", index=0, gang=Gang(4, True)), inputs=(("before", 3),)))
    )
    members = ("r/train/t7", "r/train/t7_node_1")
    assert "--input-paths r/train/t7:,_node_1" in " ".join(command_of(task(Token("end", (7,), members=members))))


def test_a_hook_is_called_with_the_run() -> None:
    command = command_of(task(Token(ON_ERROR, index=0)))
    assert command[-4:-1] == ("metaflow.plugins.exit_hook.exit_hook_script", "flow.py", "cry")
    assert command[-1].startswith("Churn/skafd-42-")


def test_a_resumed_run_takes_over_up_to_a_step_and_its_steps_know_where_from() -> None:
    first = " ".join(command_of(task(Token(SETUP, members=("skafd-1-abc", "end")))))
    assert "resume --clone-only --run-id skafd-42-" in first
    assert first.endswith("--origin-run-id skafd-1-abc --tag=nightly end")
    assert "init --run-id" in " ".join(command_of(task(Token(SETUP, members=("skafd-1-abc", "start")))))
    again = task(Token("start"), inputs=(("_parameters", 0),))
    again = replace(again, place=replace(again.place, resumed_from="skafd-1-abc"))
    assert "--clone-run-id skafd-1-abc" in " ".join(command_of(again))
    assert "SKAFD_METAFLOW_PARAMETERS" not in environment_of(again)
    retried = replace(again, run=replace(again.run, cause=Cause(CauseKind.RETRY)))
    assert environment_of(retried)["SKAFD_METAFLOW_PARAMETERS"] == '{"day": "monday", "other": "1"}'


def test_a_step_elsewhere_is_handed_over() -> None:
    away = replace(FLOW, steps=(replace(STEPS[0], is_elsewhere=True), STEPS[1]))
    text = " ".join(command_of(task(Token("start"), flow=away, inputs=(("_parameters", 0),))))
    assert " skafd hand-over start --run-id " in text
    assert "skafd_internal" not in text


def test_what_its_steps_see_may_be_said() -> None:
    found = task(Token("start"), flow=replace(FLOW, namespace="user:ada"), inputs=(("_parameters", 0),))
    assert command_of(found)[-1] == "--namespace=user:ada"


def test_elsewhere_logs_are_saved_by_metaflow_and_tokens_count() -> None:
    away = replace(FLOW, datastore="s3", datastore_root="s3://bucket", production_token="churn-0-x", configs="{}")
    found = task(Token("start"), flow=away, inputs=(("_parameters", 0),))
    text = " ".join(command_of(found))
    assert f" --logs=0 --save=s3 --root=s3://bucket --task=Churn/{run_id(found.run)}/start/{found.name} -- " in text
    assert "--datastore=s3 --datastore-root=s3://bucket" in text
    assert text.endswith("--namespace=production:churn-0-x")
    assert environment_of(found)["METAFLOW_PRODUCTION_TOKEN"] == "churn-0-x"


def test_long_lists_are_compressed_as_metaflow_reads_them() -> None:
    paths = [f"run/work/t{number}" for number in range(10_000)]
    short = shorten(paths)
    assert len(short) < 32_000
    plain = zlib.decompress(zlib.decompress(base64.b64decode(short[1:]))).decode()
    prefix, _, rest = plain.partition(":")
    assert [prefix + one for one in rest.split(",")] == paths
    assert shorten(["run/a/t1"]) == "run/a/t1"


def test_what_is_brought_along_is_copied_once_and_readable_by_all(tmp_path: Path) -> None:
    first = provide(tmp_path / "sdk")
    assert provide(tmp_path / "sdk") == first
    assert first.run_step.stat().st_mode & 0o777 == 0o644
    assert (first.extension / "metaflow_extensions/skafd/plugins/mfextinit_skafd.py").is_file()
    assert [path.name for path in (tmp_path / "sdk").iterdir()] == [first.folder.name]
