"""One attempt of a task as a process tree with limits, whose end is recorded whoever is there to see it.

The daemon's side (import from these modules; this one imports nothing, so that the launcher starts fast):

    cgroup.detect   detect(state_folder) -> CgroupPlace: what this machine can enforce, tried out for real
    spec            AttemptSpec, ResourceLimits: everything about one attempt
    client          Launcher(place): .fileno() .wants_write .launch(spec) .flush() .receive() .restart() .close()
                    receive() gives Launched, LaunchFailed and LauncherGone
    notify          NotificationSocket(path): .fileno() .receive() -> [Notification] .close()
    kill            request_cancel(directory, reason), then ask_to_stop(pid, start_time)
    adopt           inspect(directory, boot_id) -> Finished | Alive | Orphaned | Unclaimed
                    open_supervisor(pid, start_time) -> pidfd or None; end_orphan(orphan) -> processes killed
    evidence        Evidence, Verdict: what exit.json says
    identity        boot_id(), start_time(pid)

The other side, one process per attempt: launcher -> supervisor -> child. `docs/architecture.md` has the sequence.
"""
