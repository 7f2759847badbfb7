"""Says what the machine has, or what is in a run: python scripts/info.py --help"""

from tracknet.cli import info

if __name__ == "__main__":
    info()
