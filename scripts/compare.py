"""Compares the figures of runs: python scripts/compare.py --help"""

from tracknet.cli import compare

if __name__ == "__main__":
    compare()
