"""arg_max (SPEC.md): index of the largest or smallest element of the last axis."""

from array import array

from ..model_file import S8, S16, S32


def check(node):
    x, y = node.x, node.y
    node.types((S8, S16), (S32,))
    node.fit((x.n, x.h, x.w, 1) == (y.n, y.h, y.w, y.c))
    node.within("minimum", 0, 1)
    node.within("select_last", 0, 1)


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    best = min if a.minimum else max
    out = array("i")
    for pixel in range(row0 * y.w, row1 * y.w):
        of_pixel = list(values[pixel * x.c : (pixel + 1) * x.c])
        wanted = best(of_pixel)
        if a.select_last:
            of_pixel.reverse()
            out.append(x.c - 1 - of_pixel.index(wanted))
        else:
            out.append(of_pixel.index(wanted))
    return out


def vectorized(node, x):
    a = node.attributes
    if a.select_last:
        x = x[..., ::-1]
    place = x.argmin(axis=-1) if a.minimum else x.argmax(axis=-1)
    return node.x.c - 1 - place if a.select_last else place
