from tinypack.passes.convert_affine import convert_affine

from .golden import check


def test_one_number_per_channel_is_depthwise():
    check(
        convert_affine,
        """
        input x f32[1,4,4,2]
        a f32[1,4,4,2] = mul(x, k f32[1,1,1,2]{1, 2})
        y f32[1,4,4,2] = add(a, l f32[1,1,1,2]{3, 4}) activation_min=0.0
        z f32[1,4,4,2] = add(x, m f32[1,4,4,2])
        output y
        output z
        """,
        """
        input x f32[1,4,4,2]
        y f32[1,4,4,2] = depthwise_conv_2d(x, y/weights f32[2,1,1,1]{1, 2}, y/bias f32[2]{3, \
          4}) activation_min=0.0
        z f32[1,4,4,2] = add(x, m f32[1,4,4,2])
        output y
        output z
        """,
    )
