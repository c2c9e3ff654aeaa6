"""What `ska.queue.consume` returns beside the body, with the names that pika has for it."""

from typing import Any, Dict

PERSISTENT = 2


class Method:
    """How a message came."""

    consumer_tag = ""

    def __init__(self, delivery_tag: int, exchange: str, routing_key: str, redelivered: bool) -> None:
        self.delivery_tag = delivery_tag
        """For `ack` and `nack`."""
        self.exchange = exchange
        self.routing_key = routing_key
        self.redelivered = redelivered
        """It may have been delivered before."""

    def __repr__(self) -> str:
        return "<Method delivery_tag={} routing_key={!r} redelivered={}>".format(
            self.delivery_tag, self.routing_key, self.redelivered
        )


class Properties:
    """What is known of a message; most of what AMQP has a name for is never said."""

    content_type = content_encoding = priority = correlation_id = reply_to = expiration = None
    message_id = type = user_id = app_id = cluster_id = None

    def __init__(self, timestamp: int, deliveries: int) -> None:
        self.delivery_mode = PERSISTENT
        self.timestamp = timestamp
        """When it was published, in seconds since 1970."""
        self.headers: "Dict[str, Any]" = {"x-delivery-count": deliveries - 1}
        """How often it was delivered in vain."""

    def __repr__(self) -> str:
        return f"<Properties timestamp={self.timestamp} headers={self.headers}>"
