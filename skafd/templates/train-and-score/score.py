"""Applies the model that `train` left."""

import csv
from pathlib import Path

import joblib
from sklearn.datasets import load_iris

flowers = load_iris()
model = joblib.load(Path("data/model.joblib"))
names = [str(flowers.target_names[kind]) for kind in model.predict(flowers.data)]
with Path("data/scores.csv").open("w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["row", "prediction"])
    writer.writerows(enumerate(names))
print(f"{len(names)} rows scored, in data/scores.csv")
