"""What is wrong with what a user gave."""


class InputError(ValueError):
    """Something given cannot be used; the message says what, what was expected and the remedy.

    The commands print the message alone, without a traceback.
    """


class InputWarning(UserWarning):
    """Something given is wrong, and the job goes on; the message says how."""
