"""Draws what came out: a picture, and a page that has the picture inside."""

import base64
import html
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd

TITLE = "Who is likely to leave"

data = Path("data")
scores = pd.read_csv(data / "scores.csv")
metrics = json.loads((data / "metrics.json").read_text())

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
left.hist(scores["risk"], bins=30, color="#4c78a8")
left.set(title="Risk of all scored customers", xlabel="probability of leaving", ylabel="customers")
means = scores.groupby("contract")["risk"].mean().sort_values()
right.barh(means.index, means, color="#f58518")
right.set(title="Mean risk by contract", xlabel="probability of leaving")
figure.savefig(data / "report.png", dpi=110)

picture = base64.b64encode((data / "report.png").read_bytes()).decode()
table = scores.head(15)[["customer", "contract", "months", "support_calls", "risk"]].to_html(index=False, border=0)
page = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{html.escape(TITLE)}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
img {{ max-width: 100% }} td, th {{ padding: .2rem 1rem .2rem 0; text-align: left }}</style>
<h1>{html.escape(TITLE)}</h1>
<p>{len(scores)} customers scored. The model: accuracy {metrics["accuracy"]}, ROC AUC {metrics["roc_auc"]},
trained on {metrics["rows"]} customers.</p>
<img alt="Risk of all scored customers, and mean risk by contract" src="data:image/png;base64,{picture}">
<h2>The fifteen most at risk</h2>
{table}
</html>
"""
(data / "report.html").write_text(page)
print(f"report: {(data / 'report.html').resolve()}")
