from tinypack.passes.fuse_activation import fuse_activation

from .golden import check


def test_bounds_of_the_operator_before():
    check(
        fuse_activation,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = add(x, x)
        b f32[1,4,4,2] = quantize(a) activation_min=0.0
        c f32[1,4,4,2] = quantize(b) activation_min=-1.0 activation_max=6.0
        d f32[1,4,4,2] = softmax(c)
        e f32[1,4,4,2] = quantize(d) activation_max=0.5
        f f32[1,4,4,2] = quantize(d)
        output e
        output f
        """,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = add(x, x) activation_min=0.0 activation_max=6.0
        f f32[1,4,4,2] = softmax(a)
        e f32[1,4,4,2] = quantize(f) activation_max=0.5
        output e
        output f
        """,
    )
