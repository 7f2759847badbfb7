"""Pictures of an evaluation, a comparison or a dataset, and the one HTML file that holds them.

And, in Markdown, the card of a model.
"""

from tracknet.report.adaptation import write_adaptation as write_adaptation
from tracknet.report.comparison import write_comparison as write_comparison
from tracknet.report.dataset import write_dataset as write_dataset
from tracknet.report.evaluation import write_report as write_report
from tracknet.report.model_card import model_card as model_card
