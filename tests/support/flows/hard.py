"""What is hard on whoever runs it: processes of its own, and tasks that end in every way but the good one."""

import asyncio
import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor

from metaflow import FlowSpec, catch, current, environment, parallel_map, retry, step, timeout


def square(number):
    return number * number


async def answer():
    await asyncio.sleep(0.01)
    return "answered"


class HardFlow(FlowSpec):
    @step
    def start(self):
        with ProcessPoolExecutor(2) as pool:
            self.pool = list(pool.map(square, range(3)))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.spawned = pool.map(square, [9])
        thread = threading.Thread(target=lambda: setattr(self, "from_thread", __name__))
        thread.start()
        thread.join()
        self.mapped = parallel_map(lambda number: number + 1, [1, 2])
        self.answer = asyncio.run(answer())
        atexit.register(print, "bye")
        self.kinds = ["fine", "raises", "once", "exits", "ends", "killed", "asked", "slow"]
        self.next(self.body, foreach="kinds")

    @environment(vars={"MODE": "two words"})
    @timeout(seconds=3)
    @retry(times=1, minutes_between_retries=0)
    @catch(var="problem", print_exception=False)
    @step
    def body(self):
        self.kind = self.input
        if self.kind == "raises" or (self.kind == "once" and current.retry_count == 0):
            raise ValueError("wörds")
        if self.kind == "exits":
            sys.exit("no more")
        if self.kind == "ends":
            os._exit(3)
        if self.kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "asked":
            os.kill(os.getpid(), signal.SIGTERM)
        if self.kind == "slow":
            time.sleep(600)
        self.value = self.kind + os.environ["MODE"][3:]
        self.next(self.join)

    @step
    def join(self, inputs):
        ends = [getattr(one, "value", None) or type(one.problem).__name__ for one in inputs]
        self.ends = dict(zip(inputs[0].kinds, ends, strict=True))
        self.merge_artifacts(inputs, include=["pool", "spawned", "from_thread", "mapped", "answer"])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HardFlow()
