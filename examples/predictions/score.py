"""Loads the model, asks for the customers that are left, and saves what it predicts for each."""

import datetime
import pickle

from skafossdk import *

ska = Skafos()
model = pickle.loads(ska.engine.load_model("churn", tag="latest").result()["data"])

ska.engine.create_view("customers", {"table": "customers"}, DataSourceType.Cassandra).result()
customers = ska.engine.query("SELECT id, calls FROM customers WHERE NOT has_left").result()["data"]

today = datetime.date.today()
schema = {
    "table_name": "predictions",
    "options": {"primary_key": ["customer"]},
    "columns": {"customer": "text", "day": "date", "risk": "float"},
}
predictions = [{"customer": one["id"], "day": today, "risk": model[one["calls"]]} for one in customers]
ska.engine.save(schema, predictions).result()

mean = sum(one["risk"] for one in predictions) / len(predictions)
ska.report("mean risk", y=mean, y_label="risk")
ska.log("%d predictions, mean risk %.3f" % (len(predictions), mean), labels=["scoring"])
