"""Experiments on the twin, headless: a scenario in, a result with intervals out."""
