"""Every shape that a flow can have, in one."""

import sys

from metaflow import FlowSpec, JSONType, Parameter, card, catch, current, environment, parallel, retry, step


class ShapesFlow(FlowSpec):
    width = Parameter("width", default=2, type=int)
    labels = Parameter("labels", default='{"a": 1}', type=JSONType)
    day = Parameter("day", default=lambda _: "monday")

    @step
    def start(self):
        print("a word")
        print("another", file=sys.stderr)
        self.next(self.left, self.right)

    @step
    def left(self):
        self.outer = list(range(self.width))
        self.next(self.fan, foreach="outer")

    @step
    def fan(self):
        self.inner = [self.input * 10 + number for number in range(3)]
        self.next(self.work, foreach="inner")

    @environment(vars={"COLOR": "red"})
    @retry(times=1, minutes_between_retries=0)
    @catch(var="problem")
    @step
    def work(self):
        import os

        self.color = os.environ["COLOR"]
        self.attempt = current.retry_count
        if self.input == 1 and current.retry_count == 0:
            raise ValueError("the first time")
        if self.input == 12:
            raise ValueError("every time")
        self.value = self.input * 2
        self.next(self.fan_in)

    @step
    def fan_in(self, inputs):
        self.values = [None if one.problem else one.value for one in inputs]
        self.tries = [one.attempt for one in inputs]
        self.next(self.left_done)

    @step
    def left_done(self, inputs):
        self.all_values = [one.values for one in inputs]
        self.all_tries = [one.tries for one in inputs]
        self.next(self.join)

    @step
    def right(self):
        self.count = getattr(self, "count", 0) + 1
        self.way = "again" if self.count < 3 else "on"
        self.next({"again": self.right, "on": self.choose}, condition="way")

    @step
    def choose(self):
        self.kind = "small"
        self.next({"small": self.small, "large": self.large}, condition="kind")

    @step
    def small(self):
        self.size = "small"
        self.next(self.join)

    @step
    def large(self):
        self.size = "large"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["all_values", "all_tries", "count", "size"])
        self.next(self.before)

    @step
    def before(self):
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        self.node = current.parallel.node_index
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.nodes = [one.node for one in inputs]
        self.merge_artifacts(inputs, include=["all_values", "all_tries", "count", "size"])
        self.next(self.end)

    @card
    @step
    def end(self):
        self.seen = (self.day, self.labels, self.width)


if __name__ == "__main__":
    ShapesFlow()
