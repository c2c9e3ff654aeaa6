"""Wires the rooms together, in the order in which they are needed, and takes them apart in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from skafd import __version__, clock
from skafd.addons.program import Programs
from skafd.api.backend import Backend
from skafd.api.server import serve, serve_data, serve_webhooks
from skafd.api.shapes import DaemonInfo
from skafd.api.sockets import listen_locally, listen_on
from skafd.daemon.alarm import Alarm
from skafd.daemon.backend import DaemonBackend
from skafd.daemon.build_runner import BuildRunner
from skafd.daemon.changes import Changes
from skafd.daemon.clock_watch import ClockWatch
from skafd.daemon.data_endpoint import DataEndpoint
from skafd.daemon.deploying import Deploying
from skafd.daemon.environment_builds import EnvironmentBuilds
from skafd.daemon.for_jobs.backend import ForJobs
from skafd.daemon.housekeeping import Housekeeping
from skafd.daemon.mending import Mending
from skafd.daemon.migrating import migrate_apart
from skafd.daemon.notify_systemd import Systemd
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.programs import known_programs
from skafd.daemon.serving import Serving
from skafd.daemon.settings import data_endpoint, jobs_endpoint, webhook_port
from skafd.daemon.website import Website
from skafd.home import Home
from skafd.job_token import load_key
from skafd.jobs.relay import Relay
from skafd.jobs.server import JobsServer
from skafd.machine.capacity import read_capacity
from skafd.machine.enforcement import Enforcement, enforcement_of
from skafd.model.limits import Capacity
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.cgroup.detect import clear, detect
from skafd.store import Database

log = logging.getLogger("skafd")


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every room stands on."""

    home: Home
    database: Database
    place: CgroupPlace
    enforcement: Enforcement
    capacity: Capacity
    changes: Changes
    alarm: Alarm
    stopping: asyncio.Event


async def serve_home(home: Home) -> None:
    """Runs the daemon of a state folder until a signal or a client ends it; jobs go on. Raises AlreadyRunning."""
    home.create()
    systemd = Systemd.take()
    async with AsyncExitStack() as stack:
        ground = _prepare(home, stack)
        runner = BuildRunner(home.path, ground.place, ground.capacity)
        runner.end_leftovers()
        builds = EnvironmentBuilds(home, ground.database, ground.changes, runner)
        programs = known_programs(home, ground.capacity)
        orchestrator = _start_orchestrator(ground, programs, builds, systemd, stack)
        deploying = _start_deploying(ground, orchestrator, builds, stack)
        _keep_house(ground, orchestrator, stack)
        serving = Serving(home, ground.database, orchestrator, programs, ground.changes)
        backend = _backend(ground, orchestrator, deploying, serving, stack)
        _let_jobs_in(ground, orchestrator, serving, stack)
        _open_ports(home, backend, ground.stopping, stack)
        log.info("skafd %s serves %s (pid %d)", __version__, home.path, os.getpid())
        await serve(backend, home.api_socket, ground.stopping, systemd.ready)
        systemd.stopping()


def _prepare(home: Home, stack: AsyncExitStack) -> _Ground:
    """Nobody else has the state folder from here on. Raises AlreadyRunning."""
    lock = home.acquire_lock()
    stack.callback(lock.release)
    migrate_apart(home.database)
    database = Database.open(home.database)
    stack.callback(database.close)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    place = detect(home.path)
    stack.callback(clear, place)
    alarm = Alarm(loop)
    stack.callback(alarm.close)
    return _Ground(home, database, place, enforcement_of(place), read_capacity(), Changes(), alarm, stopping)


def _start_orchestrator(
    ground: _Ground, programs: Programs, builds: EnvironmentBuilds, systemd: Systemd, stack: AsyncExitStack
) -> Orchestrator:
    orchestrator = Orchestrator(
        ground.home,
        ground.database,
        ground.place,
        ground.capacity,
        ground.changes,
        ground.alarm.set,
        programs,
        check_environments=Mending(builds.is_whole, builds.mend).check,
    )
    ground.alarm.rings(orchestrator.ring)
    loop = asyncio.get_running_loop()
    stack.callback(ClockWatch(loop, (ground.alarm.again, orchestrator.ring)).close)
    orchestrator.start()
    stack.push_async_callback(_end_thread, orchestrator)
    watchdog = loop.create_task(systemd.keep_watchdog(lambda: orchestrator.turns, orchestrator.mailbox.wake))
    stack.callback(watchdog.cancel)
    return orchestrator


def _start_deploying(
    ground: _Ground, orchestrator: Orchestrator, builds: EnvironmentBuilds, stack: AsyncExitStack
) -> Deploying:
    deploying = Deploying(
        ground.home,
        ground.database,
        orchestrator,
        ground.changes,
        ground.capacity,
        ground.enforcement,
        ground.place,
        builds,
    )
    stack.callback(deploying.close)
    deploying.resume()
    return deploying


def _keep_house(ground: _Ground, orchestrator: Orchestrator, stack: AsyncExitStack) -> None:
    """Now, and once a day."""
    housekeeping = Housekeeping(ground.home, ground.database, orchestrator.mailbox)
    stack.callback(housekeeping.close)
    housekeeping.begin()
    ground.alarm.every_day(housekeeping.begin)


def _backend(
    ground: _Ground, orchestrator: Orchestrator, deploying: Deploying, serving: Serving, stack: AsyncExitStack
) -> Backend:
    """What the api asks."""
    loop = asyncio.get_running_loop()
    website = Website(loop)
    stack.push_async_callback(asyncio.to_thread, website.close)
    return DaemonBackend(
        _about(ground),
        ground.database,
        orchestrator,
        deploying,
        ground.changes,
        serving,
        DataEndpoint(ground.home, ground.database, orchestrator, serving),
        website=website,
        end=partial(loop.call_soon_threadsafe, ground.stopping.set),
    )


def _about(ground: _Ground) -> DaemonInfo:
    return DaemonInfo(
        pid=os.getpid(),
        version=__version__,
        started_at=clock.now().isoformat(),
        home=str(ground.home.path),
        enforcement=ground.enforcement.name_for_people,
    )


def _let_jobs_in(ground: _Ground, orchestrator: Orchestrator, serving: Serving, stack: AsyncExitStack) -> None:
    """What the SDK asks for is answered from here on."""
    home = ground.home
    answers = ForJobs(home, ground.database, orchestrator.mailbox, ground.changes, serving)
    stack.callback(JobsServer(home.jobs_socket, answers, load_key(home.job_token_key)).close)


def _open_ports(home: Home, backend: Backend, stopping: asyncio.Event, stack: AsyncExitStack) -> None:
    """Those that the environment asks for. Raises Refused where somebody else has one."""
    port, endpoint = webhook_port(), data_endpoint()
    servers = []
    if port is not None:
        listener = listen_locally(port)
        servers.append(serve_webhooks(backend, listener, stopping))
        log.info("webhooks are answered on 127.0.0.1:%d", listener.getsockname()[1])
    if endpoint is not None:
        listener = listen_on(*endpoint)
        servers.append(serve_data(backend, listener, stopping))
        log.info("the Data Endpoint is at http://%s:%d/v1/data", *listener.getsockname()[:2])
    if (place := jobs_endpoint()) is not None:
        listener = listen_on(*place)
        servers.append(Relay(home.jobs, load_key(home.job_token_key)).serve(listener, stopping))
        log.info("jobs on other machines are let in at %s:%d", *listener.getsockname()[:2])
    tasks = [asyncio.get_running_loop().create_task(server) for server in servers]
    if tasks:
        stack.push_async_callback(asyncio.wait, tasks)


async def _end_thread(orchestrator: Orchestrator) -> None:
    orchestrator.stop()
    await asyncio.to_thread(orchestrator.join)
