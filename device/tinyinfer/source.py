"""Opens a model file: in place where it can be addressed, else read into RAM once."""

import gc


def open_source(source, copy):
    """(buffer, whether it lies where it was) of a path or a buffer."""
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        with open(source, "rb") as file:
            if not copy:
                try:
                    return memoryview(file), True  # ROMFS
                except TypeError:
                    pass
            return _read(file, source), False
    if copy:
        view = memoryview(source)
        buffer = allocate(len(view), "the model's copy")
        buffer[:] = view
        return buffer, False
    memoryview(source)  # TypeError for what is no buffer
    return source, True


def allocate(size, purpose):
    gc.collect()
    try:
        return bytearray(size)
    except MemoryError:
        mem_free = getattr(gc, "mem_free", None)
        if mem_free is None:
            raise
        message = "%s needs %d bytes in one piece, %d are free" % (purpose, size, mem_free())
    raise MemoryError(message)


def _read(file, name):
    size = file.seek(0, 2)
    file.seek(0)
    buffer = allocate(size, str(name))
    view = memoryview(buffer)
    done = 0
    while done < size:
        count = file.readinto(view[done:])
        if not count:
            raise ValueError("%s: only %d of %d bytes could be read" % (name, done, size))
        done += count
    return buffer
