"""Trains a network: python scripts/train.py --help"""

from tracknet.cli import train

if __name__ == "__main__":
    train()
