"""Wires the rooms together, in the order in which they are needed, and takes them apart in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from functools import partial

from skafd import __version__, clock
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
from skafd.machine.enforcement import enforcement_of
from skafd.sandbox.cgroup.detect import clear, detect
from skafd.store import Database

log = logging.getLogger("skafd")


async def serve_home(home: Home) -> None:
    """Runs the daemon of a state folder until a signal or a client ends it; jobs go on. Raises AlreadyRunning."""
    home.create()
    systemd = Systemd.take()
    async with AsyncExitStack() as stack:
        lock = home.acquire_lock()
        stack.callback(lock.release)
        migrate_apart(home.database)
        database = Database.open(home.database)
        stack.callback(database.close)
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)

        changes = Changes()
        place = detect(home.path)
        stack.callback(clear, place)
        enforcement = enforcement_of(place)
        capacity = read_capacity()
        alarm = Alarm(loop)
        stack.callback(alarm.close)
        programs = known_programs(home, capacity)
        runner = BuildRunner(home.path, place, capacity)
        runner.end_leftovers()
        builds = EnvironmentBuilds(home, database, changes, runner)
        mending = Mending(builds.is_whole, builds.mend)
        orchestrator = Orchestrator(
            home, database, place, capacity, changes, alarm.set, programs, check_environments=mending.check
        )
        alarm.rings(orchestrator.ring)
        stack.callback(ClockWatch(loop, (alarm.again, orchestrator.ring)).close)
        orchestrator.start()
        stack.push_async_callback(_end_thread, orchestrator)
        watchdog = loop.create_task(systemd.keep_watchdog(lambda: orchestrator.turns, orchestrator.mailbox.wake))
        stack.callback(watchdog.cancel)
        deploying = Deploying(home, database, orchestrator, changes, capacity, enforcement, place, builds)
        stack.callback(deploying.close)
        deploying.resume()
        about = DaemonInfo(
            pid=os.getpid(),
            version=__version__,
            started_at=clock.now().isoformat(),
            home=str(home.path),
            enforcement=enforcement.name_for_people,
        )
        housekeeping = Housekeeping(home, database, orchestrator.mailbox)
        stack.callback(housekeeping.close)
        housekeeping.begin()
        alarm.every_day(housekeeping.begin)
        serving = Serving(home, database, orchestrator, programs, changes)
        data = DataEndpoint(home, database, orchestrator, serving)
        website = Website(loop)
        stack.push_async_callback(asyncio.to_thread, website.close)
        backend = DaemonBackend(
            about,
            database,
            orchestrator,
            deploying,
            changes,
            serving,
            data,
            website=website,
            end=partial(loop.call_soon_threadsafe, stopping.set),
        )
        jobs = JobsServer(
            home.jobs_socket,
            ForJobs(home, database, orchestrator.mailbox, changes, serving),
            load_key(home.job_token_key),
        )
        stack.callback(jobs.close)
        _open_ports(home, backend, stopping, stack)
        log.info("skafd %s serves %s (pid %d)", __version__, home.path, os.getpid())
        await serve(backend, home.api_socket, stopping, systemd.ready)
        systemd.stopping()


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
