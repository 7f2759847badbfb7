"""How many frames a video has, without decoding them."""

from contextlib import suppress
from pathlib import Path

import av

from tracknet.video.reader import probe


def count_frames(source: Path) -> int:
    """The frames that a source claims to have; of a video that claims none, its packets.

    Matroska, WebM and MPEG-TS do not say how many frames they hold. Their packets are read for it,
    since a length in seconds may be missing as well. A codec may hide a few of them.

    Args:
        source: A video or a folder of pictures.

    Raises:
        VideoError: As `probe` does.
    """
    if claimed := probe(source).frames:
        return claimed
    count = 0
    with (
        av.open(str(source), metadata_errors="ignore") as container,
        suppress(av.FFmpegError),  # damage is reported where the video is decoded
    ):
        for packet in container.demux(video=0):
            count += packet.size > 0
    return count
