"""Takes messages until there are none left; its three instances share them, and each message counts once."""

import json
from queue import Empty

from skafossdk import *

ska = Skafos()
schema = {
    "table_name": "free_places",
    "options": {"primary_key": ["side", "place"]},
    "columns": {"side": "text", "place": "int", "free": "int", "counted_by": "int"},
}
counted = 0
for side in ("north", "south"):
    while True:
        try:
            method, properties, body = ska.queue.consume(side, wait_timeout=1)
        except Empty:
            break
        seen = json.loads(body.decode())
        # A message that comes twice writes the same row.
        ska.engine.save(schema, [dict(seen, side=side, counted_by=ska.run.instance)]).result()
        ska.queue.ack(method.delivery_tag)
        counted += 1
ska.queue.stop()
ska.log("%d messages" % counted, labels=["count"])
