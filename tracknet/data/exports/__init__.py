"""Exports of labelling tools -> what was marked in which picture or video -> `Labels`."""
