"""Makes a run of a published checkpoint: python scripts/import_checkpoint.py --help"""

from tracknet.cli import import_checkpoint

if __name__ == "__main__":
    import_checkpoint()
