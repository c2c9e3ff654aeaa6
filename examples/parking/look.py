"""Publishes what it sees in each car park, a message each."""

import json
import random

from skafossdk import *

ska = Skafos()
ska.queue.setup(["north", "south"], ["seen.north.*", "seen.south.*"], delete=True)
dice = random.Random(7)
for number in range(300):
    side = dice.choice(["north", "south"])
    free = dice.randrange(0, 40)
    ska.queue.publish("seen.%s.%d" % (side, number), json.dumps({"place": number, "free": free}))
ska.log("300 car parks were looked at", labels=["look"])
