from tinypack.passes.convert_layout import convert_layout

from .golden import check


def test_input_and_flattened_weights_are_permuted():
    check(
        convert_layout,
        """
        input x f32[1,2,4,5]
        a f32[1,4,5,2] = transpose(x) perm=(0, 2, 3, 1)
        b f32[1,4,5,3] = conv_2d(a, w f32[3,1,1,2]{1, 2, 3, 4, 5, 6}, c f32[3]{0, 0, 0})
        d f32[1,3,4,5] = transpose(b) perm=(0, 3, 1, 2)
        e f32[1,3,4,5] = quantize(d) activation_min=0.0
        f f32[1,60] = reshape(e)
        y f32[1,2] = fully_connected(f, m f32[2,60], k f32[2]{0, 0})
        output y
        """,
        """
        input x f32[1,4,5,2] onnx_permutation=(0, 2, 3, 1)
        b f32[1,4,5,3] = conv_2d(x, w f32[3,1,1,2]{1, 2, 3, 4, 5, 6}, c f32[3]{0, 0, 0})
        e/quantize f32[1,4,5,3] = quantize(b) activation_min=0.0
        y/reshape f32[1,60] = reshape(e/quantize)
        y f32[1,2] = fully_connected(y/reshape, y/weights f32[2,60], k f32[2]{0, 0})
        output y
        """,
    )


def test_nhwc_model_needs_no_permutation():
    check(
        convert_layout,
        """
        input x f32[1,4,5,2]
        a f32[1,2,4,5] = transpose(x) perm=(0, 3, 1, 2)
        s f32[1,2,4,5] = table(a) function=('sigmoid', 'x')
        t f32[1,2,4,5] = mul(a, s)
        u f32[1,2,4,5] = add(t, k f32[1,2,1,1]{3, 4})
        v f32[1,2,6,5] = pad(u) before=(0, 0, 1, 0) after=(0, 0, 1, 0) value=0.0
        n f32[1,2,1,1] = mean(v) axes=(2, 3)
        y f32[1,2] = reshape(n)
        output y
        """,
        """
        input x f32[1,4,5,2]
        s/table f32[1,4,5,2] = table(x) function=('sigmoid', 'x')
        t/mul f32[1,4,5,2] = mul(x, s/table)
        u/add f32[1,4,5,2] = add(t/mul, u/transpose f32[1,1,1,2]{3, 4})
        v/pad f32[1,6,5,2] = pad(u/add) before=(0, 1, 0, 0) after=(0, 1, 0, 0) value=0.0
        n/mean f32[1,1,1,2] = mean(v/pad) axes=(1, 2)
        y f32[1,2] = reshape(n/mean)
        output y
        """,
    )


def test_outputs_of_fully_connected_are_permuted():
    check(
        convert_layout,
        """
        input x f32[1,6]
        a f32[1,12] = fully_connected(x, w f32[12,6], b f32[12])
        r f32[1,12] = quantize(a) activation_min=0.0
        c f32[1,3,2,2] = reshape(r)
        d f32[1,2,2,3] = transpose(c) perm=(0, 2, 3, 1)
        y f32[1,2,2,4] = conv_2d(d, m f32[4,1,1,3], k f32[4]{0, 0, 0, 0})
        output y
        """,
        """
        input x f32[1,6]
        a f32[1,12] = fully_connected(x, a/weights f32[12,6], a/bias f32[12])
        r f32[1,12] = quantize(a) activation_min=0.0
        d/reshape f32[1,2,2,3] = reshape(r)
        y f32[1,2,2,4] = conv_2d(d/reshape, m f32[4,1,1,3], k f32[4]{0, 0, 0, 0})
        output y
        """,
    )


def test_one_channel_is_the_same_bytes():
    check(
        convert_layout,
        """
        input x f32[1,1,4,5]
        a f32[1,4,5,1] = transpose(x) perm=(0, 2, 3, 1)
        y f32[1,4,5,2] = conv_2d(a, w f32[2,1,1,1]{1, 2}, c f32[2]{0, 0})
        output y
        """,
        """
        input x f32[1,4,5,1] onnx_permutation=(0, 2, 3, 1)
        y f32[1,4,5,2] = conv_2d(x, w f32[2,1,1,1]{1, 2}, c f32[2]{0, 0})
        output y
        """,
    )
