"""Finds the ball in a video: python scripts/predict.py --help"""

from tracknet.cli import predict

if __name__ == "__main__":
    predict()
