"""Frames in and out of files: videos and folders of pictures, in order, in a stream.

`read_frames` gives RGB. `read_raw` leaves a video's frames in the planes that they were decoded
into, which is several times cheaper when all that follows is a `Resizer` to the network's input and
drawing: an RGB copy of a 1080p frame costs more than decoding it.
"""

from tracknet.video.frame import (
    Frame as Frame,
    Resizer as Resizer,
    frame_bytes as frame_bytes,
    frame_size as frame_size,
    frame_time as frame_time,
    planes as planes,
    to_rgb as to_rgb,
    to_yuv420 as to_yuv420,
)
from tracknet.video.names import base_name as base_name, output_names as output_names
from tracknet.video.reader import (
    VideoInfo as VideoInfo,
    count_frames as count_frames,
    open_video as open_video,
    probe as probe,
    read_frames as read_frames,
    read_raw as read_raw,
)
from tracknet.video.source import (
    IMAGE_SUFFIXES as IMAGE_SUFFIXES,
    VIDEO_SUFFIXES as VIDEO_SUFFIXES,
    DamageError as DamageError,
    Source as Source,
    VideoError as VideoError,
    about as about,
    find_sources as find_sources,
    image_files as image_files,
    is_stream as is_stream,
    name_parts as name_parts,
    stray_pictures as stray_pictures,
)
from tracknet.video.threads import prefetch as prefetch, room as room
from tracknet.video.writer import VideoWriter as VideoWriter
