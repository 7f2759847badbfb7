"""Times a training: python scripts/benchmark.py --help"""

from tracknet.cli import benchmark

if __name__ == "__main__":
    benchmark()
