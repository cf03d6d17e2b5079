"""Which of what is left goes into the next request: all, until BILL refuses one; then halves, to find who is why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Parts:
    """What was learnt of subjects that went out together; it knows nothing of what was refused or made."""

    def __init__(self, count: int) -> None:
        self._size = max(count, 1)
        self._suspects: frozenset[str] = frozenset()  # refused together, so that one of them at least is why

    def next_of(self, left: Sequence[str]) -> Sequence[str]:
        """Return those of `left` to send together; nothing of nothing."""
        suspects = [subject for subject in left if subject in self._suspects]
        return suspects[: max(len(suspects) // 2, 1)] if suspects else left[: self._size]

    def accept(self, subjects: Iterable[str]) -> None:
        """Note that BILL took them; what was refused with them is why."""
        if not self._suspects:
            self._size *= 2
        self._suspects -= frozenset(subjects)

    def suspect(self, subjects: Iterable[str]) -> None:
        """Note that BILL refused them together, and which of them is why isn't known."""
        self._suspects = frozenset(subjects)

    def explain(self, subjects: Sequence[str]) -> None:
        """Note that it is known why BILL refused them; who is refused alone is seldom the only one."""
        self._suspects = frozenset()
        if len(subjects) == 1:
            self._size = max(self._size // 2, 1)
