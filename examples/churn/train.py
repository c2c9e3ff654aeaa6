"""Fits the model to the customers of whom it is known whether they left."""

import json
from pathlib import Path

import joblib
import pandas as pd
from features import CATEGORIES, FEATURES, NUMBERS
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

STRENGTH = 1.0

data = Path("data")
customers = pd.read_csv(data / "customers.csv").dropna(subset=["left"])
train, test = train_test_split(customers, test_size=0.25, random_state=7, stratify=customers["left"])

columns = make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(), CATEGORIES))
model = make_pipeline(columns, LogisticRegression(C=STRENGTH, max_iter=1000))
model.fit(train[FEATURES], train["left"])

probability = model.predict_proba(test[FEATURES])[:, 1]
metrics = {
    "rows": len(train),
    "accuracy": round(accuracy_score(test["left"], probability > 0.5), 3),
    "roc_auc": round(roc_auc_score(test["left"], probability), 3),
}
joblib.dump(model, data / "model.joblib")
(data / "metrics.json").write_text(json.dumps(metrics))
print(f"trained on {metrics['rows']} customers: accuracy {metrics['accuracy']}, ROC AUC {metrics['roc_auc']}")
