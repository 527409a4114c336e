"""What a run raises while another one of the same model is in progress."""

_EBUSY = 16  # MicroPython's errno does not name it


def check_idle(busy):
    if busy:
        raise OSError(_EBUSY, "model is running")
