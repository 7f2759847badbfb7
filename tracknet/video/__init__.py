"""Frames in and out of files: videos and folders of pictures, in order, in a stream.

`read_frames` gives RGB. `read_raw` leaves a video's frames in the planes that they were decoded
into, which is several times cheaper when all that follows is a `Resizer` to the network's input and
drawing: an RGB copy of a 1080p frame costs more than decoding it.
"""

from tracknet.video.frame import (
    Frame,
    Resizer,
    frame_size,
    frame_time,
    planes,
    to_rgb,
    to_yuv420,
)
from tracknet.video.names import base_name, output_names
from tracknet.video.reader import (
    VideoInfo,
    count_frames,
    open_video,
    probe,
    read_frames,
    read_raw,
)
from tracknet.video.source import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    DamageError,
    Source,
    VideoError,
    find_sources,
    image_files,
    is_stream,
)
from tracknet.video.threads import prefetch
from tracknet.video.writer import VideoWriter

__all__ = [
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "DamageError",
    "Frame",
    "Resizer",
    "Source",
    "VideoError",
    "VideoInfo",
    "VideoWriter",
    "base_name",
    "count_frames",
    "find_sources",
    "frame_size",
    "frame_time",
    "image_files",
    "is_stream",
    "open_video",
    "output_names",
    "planes",
    "prefetch",
    "probe",
    "read_frames",
    "read_raw",
    "to_rgb",
    "to_yuv420",
]
