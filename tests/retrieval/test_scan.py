import pytest

from hydragraph.retrieval.scan import outermost


@pytest.mark.parametrize(
    ("roots", "registered", "walked"),
    [
        (["/a"], [], ["/a"]),
        (["/a/b", "/a"], [], ["/a"]),
        (["/a/b"], ["/a"], ["/a"]),
        (["/a"], ["/a/b", "/c"], ["/a"]),
        (["/ab"], ["/a"], ["/ab"]),
        (["/a", "/c"], ["/c"], ["/a", "/c"]),
        (["/"], ["/a"], ["/"]),
    ],
)
def test_the_outermost_root_is_walked(roots: list[str], registered: list[str], walked: list[str]) -> None:
    assert outermost(roots, registered) == walked
