"""What goes into a queue comes out of it, in order, once it was acknowledged once, whoever dies meanwhile."""

from __future__ import annotations

import pytest

from skafd.errors import QueueError
from tests.support.queue_lab import QueueLab


def test_messages_come_in_order_to_every_queue_that_their_key_reaches(lab: QueueLab) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs.*")
    client.set_up("all", "#")
    assert client.publish("a", "b", key="jobs.eu") == 0
    assert client.publish("c", key="other") == 0
    assert [client.take() for _ in range(3)] == ["a", "b", None]
    assert [client.take("all") for _ in range(4)] == ["a", "b", "c", None]


def test_who_publishes_is_told_that_no_queue_takes_it(lab: QueueLab) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs.*")
    assert client.publish("a", "b", key="job.eu") == 2


def test_a_queue_that_nobody_set_up_is_an_error_and_the_connection_goes_on(lab: QueueLab) -> None:
    client = lab.client()
    with pytest.raises(QueueError, match="no queue 'jobs'"):
        client.consume()
    client.set_up("jobs", "jobs")
    assert client.take() is None


def test_another_project_sees_none_of_it(lab: QueueLab) -> None:
    client, other = lab.client(), lab.client("scorer-token")
    client.set_up("jobs", "jobs")
    other.set_up("jobs", "jobs")
    client.publish("secret")
    said, _ = client.consume()
    other.tell({"op": "ack", "tag": said["tag"]})
    assert other.take() is None
    assert client.queue()["held"] == 1


def test_a_token_of_another_skafd_is_refused(lab: QueueLab) -> None:
    lab.client()
    with pytest.raises(QueueError, match="not a token"):
        type(lab.client())(lab.home.queue_socket, "nonsense")


def test_prefetch_is_one_and_another_consumer_gets_the_next(lab: QueueLab) -> None:
    first, second = lab.client(), lab.client()
    first.set_up("jobs", "jobs")
    first.publish("a", "b")
    said, body = first.consume()
    assert body == "a"
    assert first.consume(timeout=0.05)[1] is None
    assert second.take() == "b"
    first.tell({"op": "ack", "tag": said["tag"]})
    assert first.take() is None


def test_what_a_dead_consumer_held_comes_first_and_says_so(lab: QueueLab) -> None:
    first, second = lab.client(), lab.client()
    first.set_up("jobs", "jobs")
    first.publish("a", "b")
    assert first.consume()[0]["redelivered"] is False
    first.close()
    said, body = second.consume(timeout=30)
    while body == "b":
        # The broker had not yet seen the other one go.
        second.tell({"op": "nack", "tag": said["tag"]})
        said, body = second.consume(timeout=30)
    assert (body, said["redelivered"], said["deliveries"]) == ("a", True, 2)


def test_who_waits_is_given_what_comes_and_what_comes_back(lab: QueueLab) -> None:
    first, second = lab.client(), lab.client()
    first.set_up("jobs", "jobs")
    first.tell({"op": "consume", "queue": "jobs", "timeout": None})
    second.publish("a")
    said, body = first._receive()
    assert body == b"a"
    second.tell({"op": "consume", "queue": "jobs", "timeout": None})
    first.tell({"op": "nack", "tag": said["tag"]})
    assert second._receive()[1] == b"a"


def test_what_is_delivered_too_often_is_a_dead_letter_until_it_is_revived(lab: QueueLab) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs", most_deliveries=3)
    client.publish("bad", "good")
    for _ in range(3):
        said, body = client.consume()
        assert body == "bad"
        client.tell({"op": "nack", "tag": said["tag"]})
    assert client.take() == "good"
    assert client.queue()["dead"] == 1
    client.sync()
    lab.kill()
    lab.begin()
    again = lab.client()
    assert again.queue()["dead"] == 1
    assert again.take() is None
    assert again.revive("jobs") == 1
    assert again.take() == "bad"


@pytest.mark.parametrize("how", ["kill", "end"])
def test_queues_bindings_and_messages_survive_the_broker(lab: QueueLab, how: str) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs.#")
    client.publish("done", "held", "waiting", key="jobs.eu")
    assert client.take() == "done"
    said, _ = client.consume()
    assert client.queue()["ready"] == 1
    client.sync()
    getattr(lab, how)()
    lab.begin()
    again = lab.client()
    again.publish("new", key="jobs")
    assert [again.take() for _ in range(4)] == ["held", "waiting", "new", None]
    # A tag from before means nothing any more.
    again.publish("newer", key="jobs")
    again.tell({"op": "ack", "tag": said["tag"]})
    assert again.take() == "newer"


def test_an_ack_after_the_broker_came_back_still_counts(lab: QueueLab) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs")
    client.publish("a", "b")
    said, _ = client.consume()
    lab.kill()
    lab.begin()
    again = lab.client()
    again.tell({"op": "ack", "tag": said["tag"]})
    assert [again.take(), again.take()] == ["b", None]


def test_delete_empties_the_queue_and_forgets_its_keys(lab: QueueLab) -> None:
    client, consumer = lab.client(), lab.client()
    client.set_up("jobs", "old")
    client.publish("a", "b", key="old")
    said, _ = consumer.consume()
    client.set_up("jobs", "new", delete=True)
    assert client.publish("lost", key="old") == 1
    client.publish("c", key="new")
    consumer.tell({"op": "ack", "tag": said["tag"]})
    assert consumer.take() == "c"
    assert client.queue()["bindings"] == [["default", "new"]]
    client.publish("d", key="new")
    lab.kill()
    lab.begin()
    again = lab.client()
    assert [again.take(), again.take()] == ["d", None]


def test_large_messages_and_many_are_kept_on_disk_and_come_back_whole(lab: QueueLab) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs")
    large = "x" * (9 * 2**20)
    for number in range(9):
        client.publish(f"{number}{large}")
    for number in range(9):
        body = client.take()
        assert body is not None
        assert (body[0], len(body)) == (str(number), len(large) + 1)


def test_depth_and_age_are_known(lab: QueueLab) -> None:
    client = lab.client()
    client.set_up("jobs", "jobs")
    assert client.queue()["oldest_at_ms"] is None
    client.publish("a", "b", "c")
    said, _ = client.consume()
    found = client.queue()
    assert (found["ready"], found["held"], found["consumers"]) == (2, 1, 1)
    assert found["oldest_at_ms"] == said["published_at_ms"]
    assert client.purge("jobs", dead_only=False) == 2
    client.tell({"op": "ack", "tag": said["tag"]})
    assert client.queue()["oldest_at_ms"] is None
