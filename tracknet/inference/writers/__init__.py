"""What is written of a video: tables, pictures; the choices of group ``writers``."""

from tracknet.inference.writers.base import Writer, WriterFactory, Writers
from tracknet.inference.writers.overlay import Overlay
from tracknet.inference.writers.table import CsvWriter

__all__ = ["CsvWriter", "Overlay", "Writer", "WriterFactory", "Writers"]
