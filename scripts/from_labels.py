"""Makes labels of what CVAT, COCO, YOLO or Label Studio exported: from_labels.py --help"""

from tracknet.cli import from_labels

if __name__ == "__main__":
    from_labels()
