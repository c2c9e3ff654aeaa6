"""Learns what a flat's rent is made of, reports how the loss falls, and saves the model."""

import pickle
import random

from skafossdk import *

ska = Skafos()
random.seed(7)
flats = [(random.uniform(0.2, 1.5), random.randint(0, 5) / 5) for _ in range(300)]
rents = [9.0 * area + 1.5 * floor + 2.0 + random.gauss(0, 0.2) for area, floor in flats]

weights, bias = [0.0, 0.0], 0.0
for epoch in range(1, ska.params.epochs + 1):
    errors = [weights[0] * area + weights[1] * floor + bias - rent for (area, floor), rent in zip(flats, rents)]
    loss = sum(error * error for error in errors) / len(errors)
    ska.report("loss", y=loss, y_label="squared error", x=epoch, x_label="epoch")
    ska.progress(epoch, ska.params.epochs, "loss %.3f" % loss)
    for place in range(2):
        slope = sum(error * flat[place] for error, flat in zip(errors, flats)) / len(errors)
        weights[place] -= ska.params.rate * slope
    bias -= ska.params.rate * sum(errors) / len(errors)

ska.log("trained: loss %.3f after %d epochs" % (loss, ska.params.epochs), labels=["model training"])
model = pickle.dumps({"weights": weights, "bias": bias})
saved = ska.engine.save_model("rent", model, tags=["latest"]).result()
ska.log("saved as version %s" % saved["data"]["version"], labels=["model saving"])

ska.artifacts.save("held back", list(zip(flats, rents))[:20])
with open("report.txt", "w") as report:
    report.write("loss %.4f, weights %.2f and %.2f, bias %.2f\n" % (loss, weights[0], weights[1], bias))
ska.output({"loss": loss})
