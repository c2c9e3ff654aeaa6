"""Makes up customers of a telephone company. The same seed gives the same customers."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

CUSTOMERS = 4_000
OBSERVED = 0.75
CONTRACTS = ["monthly", "one year", "two years"]

random = np.random.default_rng(20180201)
customers = pd.DataFrame(
    {
        "customer": [f"C{number:05d}" for number in range(CUSTOMERS)],
        "months": random.integers(1, 72, CUSTOMERS),
        "contract": random.choice(CONTRACTS, CUSTOMERS, p=[0.55, 0.25, 0.20]),
        "monthly_charge": random.normal(65, 22, CUSTOMERS).clip(18, 120).round(2),
        "support_calls": random.poisson(1.3, CUSTOMERS),
        "paperless": random.random(CUSTOMERS) < 0.6,
    }
)

# What makes people leave, which the model is to find again.
leaning = (
    -1.6
    - 0.045 * customers["months"]
    + customers["contract"].map({"monthly": 1.5, "one year": 0.0, "two years": -1.2})
    + 0.018 * customers["monthly_charge"]
    + 0.55 * customers["support_calls"]
)
leaves = random.random(CUSTOMERS) < 1 / (1 + np.exp(-leaning))
observed = random.random(CUSTOMERS) < OBSERVED
customers["left"] = pd.Series(leaves).astype("Int64").where(pd.Series(observed))

data = Path("data")
data.mkdir(exist_ok=True)
customers.to_csv(data / "customers.csv.new", index=False)
os.replace(data / "customers.csv.new", data / "customers.csv")  # A reader sees the old file or the new, never half.
print(f"{CUSTOMERS} customers, {observed.sum()} observed, of whom {leaves[observed].mean():.1%} left")
