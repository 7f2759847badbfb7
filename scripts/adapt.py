"""Trains a run on for unlabelled videos: python scripts/adapt.py --help"""

from tracknet.cli import adapt

if __name__ == "__main__":
    adapt()
