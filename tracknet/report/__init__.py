"""Pictures of an evaluation, and the one HTML file that holds them."""

from tracknet.report.html import write_report

__all__ = ["write_report"]
