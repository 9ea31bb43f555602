"""The report: one HTML file with everything in it, which opens without a network."""

from coe_twin.planner.report.page import report_html

__all__ = ["report_html"]
