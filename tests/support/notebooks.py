"""Notebooks from the texts of their cells."""

from __future__ import annotations

import json
from typing import Any


def notebook(*cells: str, parameters: int | None = None) -> str:
    """A notebook of code cells; the one of that number has the tag `parameters`."""
    return json.dumps(
        {
            "cells": [_cell(number, source, number == parameters) for number, source in enumerate(cells)],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _cell(number: int, source: str, has_parameters: bool) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": None,
        "metadata": {"tags": ["parameters"]} if has_parameters else {},
        "outputs": [],
        "source": source,
    }
