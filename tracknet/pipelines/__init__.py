"""The jobs of the scripts as functions: configuration in, figures out."""
