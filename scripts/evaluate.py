"""Scores a checkpoint or a predictions file: python scripts/evaluate.py --help"""

from tracknet.cli import evaluate

if __name__ == "__main__":
    evaluate()
