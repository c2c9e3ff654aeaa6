"""Makes customers up, learns which of them leave, and keeps both: the table and the model."""

import pickle
import random

from skafossdk import *

ska = Skafos()
dice = random.Random(7)
customers = []
for number in range(500):
    months, calls = dice.randrange(1, 60), dice.randrange(0, 9)
    left = dice.random() < 0.1 + 0.08 * calls - 0.004 * months
    customers.append({"id": "c%03d" % number, "months": months, "calls": calls, "has_left": left})

schema = {
    "table_name": "customers",
    "options": {"primary_key": ["id"]},
    "columns": {"id": "text", "months": "int", "calls": "int", "has_left": "boolean"},
}
saved = ska.engine.save(schema, customers)


def share_of_leavers(calls):
    answers = [one["has_left"] for one in customers if one["calls"] == calls]
    return sum(answers) / len(answers)


model = {calls: share_of_leavers(calls) for calls in range(9)}
ska.engine.save_model("churn", pickle.dumps(model), tags=["latest"]).result()
saved.result()
ska.log("a model from %d customers" % len(customers), labels=["training"])
