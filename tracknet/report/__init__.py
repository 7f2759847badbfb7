"""Pictures of an evaluation, a comparison or a dataset, and the one HTML file that holds them."""

from tracknet.report.comparison import write_comparison
from tracknet.report.dataset import write_dataset
from tracknet.report.evaluation import write_report

__all__ = ["write_comparison", "write_dataset", "write_report"]
