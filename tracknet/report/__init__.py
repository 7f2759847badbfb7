"""Pictures of an evaluation or a comparison, and the one HTML file that holds them."""

from tracknet.report.comparison import write_comparison
from tracknet.report.html import write_report

__all__ = ["write_comparison", "write_report"]
