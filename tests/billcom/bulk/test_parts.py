"""Which of many go out together while BILL refuses some: how many requests that takes, wherever they stand."""

from collections.abc import Collection

import pytest

from billcom.bulk.parts import Parts


def requests(count: int, bad: Collection[int]) -> int:
    """Return how many requests it takes until each is made, or refused alone."""
    parts, left, sent = Parts(count), [f"{n:03}" for n in range(count)], 0
    refused = {f"{n:03}" for n in bad}
    found: set[str] = set()
    while left:
        part = parts.next_of(left)
        sent += 1
        if not refused & set(part):
            parts.accept(part)
        elif len(part) > 1:
            parts.suspect(part)
            continue
        else:
            parts.explain(part)
            found |= set(part)
        left = [subject for subject in left if subject not in part]
    assert found == refused
    return sent


def test_where_all_are_good_one_request_is_enough() -> None:
    assert requests(50, []) == 1


@pytest.mark.parametrize(("count", "most"), [(20, 9), (50, 10), (100, 11)])
def test_one_bad_one_takes_few_requests_wherever_it_stands(count: int, most: int) -> None:
    assert max(requests(count, [bad]) for bad in range(count)) == most


@pytest.mark.parametrize(("count", "most"), [(20, 15), (50, 18)])
def test_two_bad_ones_take_few_requests_wherever_they_stand(count: int, most: int) -> None:
    assert max(requests(count, [one, other]) for one in range(count) for other in range(one)) == most


@pytest.mark.parametrize(("count", "sent"), [(1, 1), (20, 30), (50, 65), (100, 121)])
def test_where_all_are_bad_hardly_more_than_one_request_each_is_sent(count: int, sent: int) -> None:
    assert requests(count, range(count)) == sent


def test_after_one_that_is_known_to_be_why_all_the_others_go_together() -> None:
    parts = Parts(4)
    parts.explain(["b", "c"])
    assert parts.next_of(["a", "d"]) == ["a", "d"]
