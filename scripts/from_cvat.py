"""Reads labels that were corrected in CVAT: python scripts/from_cvat.py --help"""

from tracknet.cli import from_cvat

if __name__ == "__main__":
    from_cvat()
