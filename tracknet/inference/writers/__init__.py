"""What is written of a video: tables, pictures; the choices of group ``writers``."""

from tracknet.inference.writers.base import (
    Writer as Writer,
    WriterFactory as WriterFactory,
    Writers as Writers,
)
from tracknet.inference.writers.overlay import Overlay as Overlay
from tracknet.inference.writers.table import CsvWriter as CsvWriter
