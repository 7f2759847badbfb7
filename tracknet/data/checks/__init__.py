"""What labels and frames tell of each other before anything is trained."""
