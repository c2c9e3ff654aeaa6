"""The same calls with a real RabbitMQ, with pika of the job's and of skafd's."""

from __future__ import annotations

import sys

from tests.integration.queue.test_from_jobs import JOB, say
from tests.support.interpreters import NEWEST, need_interpreter
from tests.support.rabbitmq import rabbitmq
from tests.support.tortured import Tortured

PROGRAM = """
import pika
import queue
import threading
from skafossdk.exceptions import QueueError

assert ska.queue.setup(["input", "results"], ["in.*", "out.#"], delete=True, exchange_name="parking") is True
assert ska.queue.publish("in.eu", "first") is True
assert ska.queue.publish_many([("in.us", "sec\\u00f6nd"), ("out", "result")]) is True
assert ska.queue.publish("nowhere", "lost") is True
method, properties, body = ska.queue.consume("input", wait_timeout=60)
assert (body, method.routing_key, method.redelivered) == (b"first", "in.eu", False), (method, body)
assert properties.delivery_mode == 2
try:
    ska.queue.consume("input", wait_timeout=0.2)
    raise SystemExit("prefetch is one")
except queue.Empty:
    pass
ska.queue.nack(method.delivery_tag)
method, _, body = ska.queue.consume("input", 60, auto_ack=True)
assert (body, method.redelivered) == (b"first", True), (method, body)
method, _, body = ska.queue.consume("input", 60)
assert body.decode() == "sec\\u00f6nd", body

# Who holds a message and stops gives it to others.
ska.queue.stop()
found = []
other = Skafos()
other.queue.setup(["input"], ["in.*"], exchange_name="parking")
def consume():
    method, _, body = other.queue.consume("input", 60, True)
    found.append((body.decode(), method.redelivered))
    other.queue.stop()
thread = threading.Thread(target=consume)
thread.start()
thread.join()
assert found == [("sec\\u00f6nd", True)], found
for wrong in (lambda: ska.queue.consume("nobody set it up", 1), lambda: ska.queue.publish("a", "b", "no exchange")):
    try:
        wrong()
        raise SystemExit("that is wrong")
    except QueueError as error:
        print(error)
assert ska.queue.consume("results", 60, True)[2] == b"result"
ska.queue.stop()
other.queue.stop()
print(pika.__file__)
"""


def test_the_same_calls_work_with_a_rabbitmq_by_its_url(tortured: Tortured) -> None:
    with rabbitmq() as url:
        head = f"add-ons: [{{name: queue, url: '{url}'}}]\n"
        tortured.deploy(tortured.write("rabbit", JOB, {"idle.py": ""}, head))
        own = say(tortured, PROGRAM, "rabbit")
        assert str(tortured.home.path) not in own
        for said in ("no queue takes what was published", "no queue 'nobody set it up'", "no exchange 'no exchange'"):
            assert said in own
        brought = need_interpreter(NEWEST)
        if str(brought) != sys.executable:
            program = PROGRAM.replace("import pika\n", "").replace("print(pika", "import pika\nprint(pika")
            assert str(tortured.home.sdk) in say(tortured, program, "rabbit", brought)
