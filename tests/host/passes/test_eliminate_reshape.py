from tinypack.passes.eliminate_reshape import eliminate_reshape

from .golden import check


def test_same_view_needs_no_reshape():
    check(
        eliminate_reshape,
        """
        input x f32[1,4,4,2]
        a f32[1,1,1,2] = average_pool_2d(x) kernel_h=4 kernel_w=4
        b f32[1,2] = reshape(a)
        c f32[1,3] = fully_connected(b, w f32[3,2]{1, 2, 3, 4, 5, 6}, k f32[3]{0, 0, 0})
        d f32[1,32] = reshape(x)
        output c
        output d
        """,
        """
        input x f32[1,4,4,2]
        a f32[1,2] = average_pool_2d(x) kernel_h=4 kernel_w=4
        c f32[1,3] = fully_connected(a, w f32[3,2]{1, 2, 3, 4, 5, 6}, k f32[3]{0, 0, 0})
        d f32[1,32] = reshape(x)
        output c
        output d
        """,
    )
