"""What the model looks at, for the jobs that train it and use it."""

NUMBERS = ["months", "monthly_charge", "support_calls"]
CATEGORIES = ["contract", "paperless"]
FEATURES = NUMBERS + CATEGORIES
