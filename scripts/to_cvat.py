"""Writes labels or predictions for CVAT: python scripts/to_cvat.py --help"""

from tracknet.cli import to_cvat

if __name__ == "__main__":
    to_cvat()
