from tinypack.passes.legalize import legalize

from .golden import check


def test_convolution_between_changes_of_layout():
    check(
        legalize,
        """
        input x f32[1,2,5,5]
        a f32[1,4,5,5] = Conv(x, w f32[4,2,3,3], b f32[4]{1, 2, 3, 4}) pads=(1, 1, 1, 1)
        y f32[1,4,5,5] = Relu(a)
        output y
        """,
        """
        input x f32[1,2,5,5]
        a/transpose f32[1,5,5,2] = transpose(x) perm=(0, 2, 3, 1)
        a/conv_2d f32[1,5,5,4] = conv_2d(a/transpose, a/weights f32[4,3,3,2], a/bias f32[4]{1, \
          2, 3, 4}) stride_h=1 stride_w=1 pad_top=1 pad_left=1 pad_bottom=1 pad_right=1 \
          dilation_h=1 dilation_w=1
        a/transpose_2 f32[1,4,5,5] = transpose(a/conv_2d) perm=(0, 3, 1, 2)
        y f32[1,4,5,5] = quantize(a/transpose_2) activation_min=0.0
        output y
        """,
    )


def test_one_axis_slides_in_w():
    check(
        legalize,
        """
        input x f32[1,4,9]
        a f32[1,8,4] = Conv(x, w f32[8,1,3]) group=4 strides=(2,)
        b f32[1,8] = ReduceMean(a) axes=(2,) keepdims=0
        y f32[1,3] = Gemm(b, m f32[3,8], c f32[3]{1, 2, 3}) transB=1
        output y
        """,
        """
        input x f32[1,4,9]
        a/transpose f32[1,9,4] = transpose(x) perm=(0, 2, 1)
        a/depthwise_conv_2d f32[1,4,8] = depthwise_conv_2d(a/transpose, a/weights \
          f32[8,1,3,1], a/bias f32[8]{0, 0, 0, 0, 0, 0, 0, 0}) stride_h=1 stride_w=2 pad_top=0 \
          pad_left=0 pad_bottom=0 pad_right=0 dilation_h=1 dilation_w=1
        a/transpose_2 f32[1,8,4] = transpose(a/depthwise_conv_2d) perm=(0, 2, 1)
        b/mean f32[1,8,1] = mean(a/transpose_2) axes=(2,)
        b/reshape f32[1,8] = reshape(b/mean)
        y f32[1,3] = fully_connected(b/reshape, y/weights f32[3,8], y/bias f32[3]{1, 2, 3})
        output y
        """,
    )
