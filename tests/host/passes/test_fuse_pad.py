from tinypack.passes.fuse_pad import fuse_pad

from .golden import check


def test_pad_goes_into_windows():
    check(
        fuse_pad,
        """
        input x f32[1,4,5,2]
        a f32[1,6,6,2] = pad(x) before=(0, 1, 0, 0) after=(0, 1, 1, 0) value=0.0
        b f32[1,6,6,3] = conv_2d(a, w f32[3,3,3,2], c f32[3]{0, 0, 0}) pad_top=1 pad_left=1 \
          pad_bottom=1 pad_right=1
        d f32[1,3,3,2] = average_pool_2d(a) kernel_h=2 kernel_w=2 stride_h=2 stride_w=2
        output b
        output d
        """,
        """
        input x f32[1,4,5,2]
        b f32[1,6,6,3] = conv_2d(x, w f32[3,3,3,2], c f32[3]{0, 0, 0}) pad_top=2 pad_left=1 \
          pad_bottom=2 pad_right=2 stride_h=1 stride_w=1
        d f32[1,3,3,2] = average_pool_2d(x) kernel_h=2 kernel_w=2 stride_h=2 stride_w=2 \
          pad_top=1 pad_left=0 pad_bottom=1 pad_right=1 count_include_pad=1
        output b
        output d
        """,
    )


def test_zeros_in_a_maximum_of_positive_values_only():
    check(
        fuse_pad,
        """
        input x f32[1,4,5,2]
        r f32[1,4,5,2] = quantize(x) activation_min=0.0
        a f32[1,6,6,2] = pad(r) before=(0, 1, 0, 0) after=(0, 1, 1, 0) value=0.0
        y f32[1,3,3,2] = max_pool_2d(a) kernel_h=2 kernel_w=2 stride_h=2 stride_w=2
        b f32[1,6,7,2] = pad(x) before=(0, 1, 1, 0) after=(0, 1, 1, 0) value=0.0
        z f32[1,3,3,2] = max_pool_2d(b) kernel_h=2 kernel_w=2 stride_h=2 stride_w=2
        output y
        output z
        """,
        """
        input x f32[1,4,5,2]
        r f32[1,4,5,2] = quantize(x) activation_min=0.0
        y f32[1,3,3,2] = max_pool_2d(r) kernel_h=2 kernel_w=2 stride_h=2 stride_w=2 pad_top=1 \
          pad_left=0 pad_bottom=1 pad_right=1
        b f32[1,6,7,2] = pad(x) before=(0, 1, 1, 0) after=(0, 1, 1, 0) value=0.0
        z f32[1,3,3,2] = max_pool_2d(b) kernel_h=2 kernel_w=2 stride_h=2 stride_w=2
        output y
        output z
        """,
    )
