"""Loads the newest model, holds it against what was held back, and predicts."""

import pickle

from skafossdk import *

ska = Skafos()
loaded = ska.engine.load_model("rent", tag="latest").result()
model = pickle.loads(loaded["data"])
ska.log("model of version %s, trained to a loss of %.3f" % (loaded["meta"]["version"], ska.output_of("train")["loss"]))


def predict(area, floor):
    return model["weights"][0] * area + model["weights"][1] * floor + model["bias"]


held_back = ska.artifacts.load("held back")
error = sum(abs(predict(*flat) - rent) for flat, rent in held_back) / len(held_back)
ska.report("mean error", y=error)
print("mean error %.3f" % error)
for area in (0.5, 1.0):
    print("%d square metres on the first floor: %.2f" % (area * 100, predict(area, 0.2)))
