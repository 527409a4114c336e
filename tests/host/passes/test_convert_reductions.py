from tinypack.passes.convert_reductions import convert_reductions

from .golden import check


def test_means_over_h_and_w_are_pools():
    check(
        convert_reductions,
        """
        input x f32[1,4,5,2]
        a f32[1,1,1,2] = mean(x) axes=(1, 2)
        b f32[1,4,1,2] = mean(x) axes=(2,)
        c f32[1,4,5,1] = mean(x) axes=(3,)
        output a
        output b
        output c
        """,
        """
        input x f32[1,4,5,2]
        a f32[1,1,1,2] = average_pool_2d(x) kernel_h=4 kernel_w=5 stride_h=4 stride_w=5
        b f32[1,4,1,2] = average_pool_2d(x) kernel_h=1 kernel_w=5 stride_h=1 stride_w=5
        c f32[1,4,5,1] = mean(x) axes=(3,)
        output a
        output b
        output c
        """,
    )
