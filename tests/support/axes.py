"""Windows along one axis, drawn by hypothesis."""

from hypothesis import strategies as st

from chainrule.ops.windows import Window


@st.composite
def axes(draw, longest):
    """Windows of any kind, on an image up to so much longer than the shortest that has room for one."""
    size, stride, dilation = (draw(st.integers(1, most)) for most in (4, 3, 3))
    before, after = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    least = max(dilation * (size - 1) + 1 - before - after, 1)
    return Window(draw(st.integers(least, least + longest)), size, stride, dilation, before, after)
