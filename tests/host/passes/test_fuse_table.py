from tinypack.passes.fuse_table import fuse_table

from .golden import check


def test_hard_swish_is_one_function():
    check(
        fuse_table,
        """
        input x f32[1,8]
        a f32[1,8] = add(x, k f32[1,1]{3})
        b f32[1,8] = quantize(a) activation_min=0.0 activation_max=6.0
        c f32[1,8] = mul(x, b)
        y f32[1,8] = mul(c, l f32[1,1]{0.1666667})
        output y
        """,
        """
        input x f32[1,8]
        y f32[1,8] = table(x) function=('mul', ('mul', 'x', ('min', ('max', ('add', 'x', 3.0), \
          0.0), 6.0)), 0.1666667)
        output y
        """,
    )


def test_an_output_ends_a_table():
    check(
        fuse_table,
        """
        input x f32[1,8]
        input z f32[1,8]
        a f32[1,8] = table(x) function=('tanh', 'x')
        b f32[1,8] = table(a) function=('mul', 'x', ('sigmoid', 'x'))
        y f32[1,8] = add(b, z)
        output y
        output a
        """,
        """
        input x f32[1,8]
        input z f32[1,8]
        a f32[1,8] = table(x) function=('tanh', 'x')
        b f32[1,8] = table(a) function=('mul', 'x', ('sigmoid', 'x'))
        y f32[1,8] = add(b, z)
        output y
        output a
        """,
    )


def test_gelu_is_one_function():
    check(
        fuse_table,
        """
        input x f32[1,8]
        a f32[1,8] = mul(x, k f32[1,1]{0.70710678})
        b f32[1,8] = table(a) function=('erf', 'x')
        c f32[1,8] = add(b, l f32[1,1]{1})
        d f32[1,8] = mul(x, c)
        y f32[1,8] = mul(d, m f32[1,1]{0.5})
        output y
        """,
        """
        input x f32[1,8]
        y f32[1,8] = table(x) function=('mul', ('mul', 'x', ('add', ('erf', ('mul', 'x', \
          0.7071068)), 1.0)), 0.5)
        output y
        """,
    )
