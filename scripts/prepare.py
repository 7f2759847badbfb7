"""Decodes and checks a dataset: python scripts/prepare.py --help"""

from tracknet.cli import prepare

if __name__ == "__main__":
    prepare()
