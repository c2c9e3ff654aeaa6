"""Gives every customer who has not been observed a probability of leaving."""

from pathlib import Path

import joblib
import pandas as pd
from features import FEATURES

data = Path("data")
customers = pd.read_csv(data / "customers.csv")
customers = customers[customers["left"].isna()].drop(columns="left")
customers["risk"] = joblib.load(data / "model.joblib").predict_proba(customers[FEATURES])[:, 1].round(4)
customers.sort_values("risk", ascending=False).to_csv(data / "scores.csv", index=False)
print(f"{len(customers)} customers scored, {(customers['risk'] > 0.5).sum()} of them more likely to leave than to stay")
