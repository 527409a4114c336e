from tinypack.passes.fold_affine import fold_affine

from .golden import check


def test_backward_into_the_layer_before():
    check(
        fold_affine,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = conv_2d(x, w f32[2,1,1,2]{1, 2, 3, 4}, b f32[2]{1, 1})
        c f32[1,4,4,2] = mul(a, k f32[1,1,1,2]{2, 10})
        y f32[1,4,4,2] = add(c, l f32[1,1,1,2]{5, 7})
        output y
        """,
        """
        input x f32[1,4,4,2]
        y f32[1,4,4,2] = conv_2d(x, w f32[2,1,1,2]{2, 4, 30, 40}, b f32[2]{7, 17})
        output y
        """,
    )


def test_forward_into_all_layers_behind():
    check(
        fold_affine,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = add(x, k f32[1,1,1,2]{1, 2})
        c f32[1,4,4,2] = mul(a, l f32[]{3})
        d f32[1,4,4,2] = depthwise_conv_2d(c, w f32[2,1,1,1]{1, 2}, b f32[2]{0, 0})
        e f32[1,3,3,1] = conv_2d(c, v f32[1,2,2,2]{1, 2, 3, 4, 5, 6, 7, 8}, m f32[1]{0})
        output d
        output e
        """,
        """
        input x f32[1,4,4,2]
        d f32[1,4,4,2] = depthwise_conv_2d(x, w f32[2,1,1,1]{3, 6}, b f32[2]{3, 12})
        e f32[1,3,3,1] = conv_2d(x, v f32[1,2,2,2]{3, 6, 9, 12, 15, 18, 21, 24}, m f32[1]{168})
        output d
        output e
        """,
    )


def test_no_sum_into_a_padded_layer():
    check(
        fold_affine,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = add(x, k f32[1,1,1,2]{1, 2})
        y f32[1,4,4,1] = conv_2d(a, v f32[1,3,3,2], m f32[1]{0}) pad_top=1 pad_left=1 \
          pad_bottom=1 pad_right=1
        output y
        """,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = add(x, k f32[1,1,1,2]{1, 2})
        y f32[1,4,4,1] = conv_2d(a, v f32[1,3,3,2], m f32[1]{0}) pad_top=1 pad_left=1 \
          pad_bottom=1 pad_right=1
        output y
        """,
    )


def test_product_moves_the_bounds():
    check(
        fold_affine,
        """
        input x f32[1,2]
        a f32[1,2] = fully_connected(x, w f32[2,2]{1, 2, 3, 4}, b f32[2]{1, 1}) \
          activation_min=0.0 activation_max=6.0
        y f32[1,2] = mul(a, k f32[1]{0.5})
        output y
        """,
        """
        input x f32[1,2]
        y f32[1,2] = fully_connected(x, w f32[2,2]{0.5, 1, 1.5, 2}, b f32[2]{0.5, 0.5}) \
          activation_min=0.0 activation_max=3.0
        output y
        """,
    )
