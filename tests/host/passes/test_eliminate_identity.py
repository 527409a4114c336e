from tinypack.passes.eliminate_identity import eliminate_identity

from .golden import check


def test_what_hands_its_input_on_goes():
    check(
        eliminate_identity,
        """
        input x f32[1,6]
        a f32[1,6] = Identity(x)
        b f32[1,6] = Dropout(a)
        c f32[1,6] = Relu(b)
        d f32[1,6] = Cast(c) to=1
        output d
        """,
        """
        input x f32[1,6]
        d f32[1,6] = Relu(x)
        output d
        """,
    )


def test_an_output_stays_a_value_of_its_own():
    check(
        eliminate_identity,
        """
        input x f32[1,6]
        a f32[1,6] = Identity(x)
        output a
        """,
        """
        input x f32[1,6]
        a f32[1,6] = Identity(x)
        output a
        """,
    )
