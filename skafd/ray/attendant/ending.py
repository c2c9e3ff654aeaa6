"""The end of a job on the cluster before its time."""

import json
import sys
import time

from .jobs_api import JobsApi, RayError

ENDED = frozenset(("SUCCEEDED", "FAILED", "STOPPED"))
STOP_SECONDS = 50.0
"""A job that waits for its turn ends only when that has come. Less than what a supervisor gives an attendant."""
_LOOK_SECONDS = 0.5


def main(text: str) -> None:
    """`text` is JSON with the `address` and the `id` of a job whose attendant is gone. Exits with 1 if it goes on."""
    asked = json.loads(text)
    sys.exit(0 if stop_job(asked["address"], asked["id"]) else 1)


def stop_job(address: str, submission_id: str, may_come: bool = False) -> bool:
    """Ends a job, and waits until it has ended; says so when it does not. `may_come`: it was just handed in."""
    api = JobsApi(address, patience_seconds=STOP_SECONDS)
    give_up_at = time.monotonic() + STOP_SECONDS
    try:
        while time.monotonic() < give_up_at:
            found = api.find(submission_id)
            if (found is None and not may_come) or (found is not None and found["status"] in ENDED):
                return True
            may_come = False
            api.stop(submission_id)
            time.sleep(_LOOK_SECONDS)
        say(f"job {submission_id} was told to end, and has not ended yet")
    except RayError as error:
        say(f"job {submission_id} cannot be stopped: {error}")
    return False


def say(text: str) -> None:
    """A line of our own in the attempt's log."""
    sys.stdout.flush()
    sys.stdout.buffer.write(f"skafd: {text}\n".encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
