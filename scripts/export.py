"""Makes a model to hand on of a run: python scripts/export.py --help"""

from tracknet.cli import export

if __name__ == "__main__":
    export()
