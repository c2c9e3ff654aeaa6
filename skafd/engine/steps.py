"""How a flow goes on: from what a task left to the tasks that follow from it. Pure.

Each task carries a stack of frames, one for each split or foreach that it is inside of. A split and a foreach put one
on it; a join takes it off, and begins when all branches of that frame have arrived, by whatever way each came. A
switch, also one that goes back, leaves the stack as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from skafd.model.flow import GONE, ON_ERROR, ON_SUCCESS, SETUP, Flow, FlowStep, Frame, Left, StepKind, Token, read_left

MOST_TASKS = 100_000


class OpenFlow:
    """The places of all tasks of a flow in one run, and what has arrived at joins that have not begun."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._steps = {step.name: step for step in flow.steps}
        self._counts: Counter[str] = Counter()
        self._arrived: dict[tuple[str, int], dict[int, int]] = {}
        self.tokens: list[Token] = []
        """By instance."""

    def add(self, tokens: Iterable[Token]) -> list[str]:
        """Takes the next instances in; returns what they are called."""
        names = []
        for token in tokens:
            names.append(self._name(token))
            self._counts[token.step] += 1
            self.tokens.append(token)
        return names

    def follow(self, instance: int, output: str | None) -> list[Token]:
        """What follows from the success of a task. Raises ValueError, with words for people, where nothing can."""
        token = self.tokens[instance]
        if token.step in (GONE, ON_SUCCESS, ON_ERROR):
            return []
        if token.step == SETUP:
            # In a resumed run the others are there already.
            return [Token(self._flow.start, (instance,))] if len(self.tokens) == 1 else []
        left = read_left(output)
        step = self._steps[token.step]
        _check(step, left)
        tokens = list(self._after(instance, token, step, left))
        if len(self.tokens) + len(tokens) > MOST_TASKS:
            raise ValueError(f"the flow would have more than {MOST_TASKS} tasks")
        return tokens

    def closing(self, has_failed: bool) -> list[Token]:
        """What is to be done when all else has ended; nothing the second time."""
        step, functions = (ON_ERROR, self._flow.on_error) if has_failed else (ON_SUCCESS, self._flow.on_success)
        if self._counts[ON_ERROR] or self._counts[ON_SUCCESS]:
            return []
        return [Token(step, index=index) for index in range(len(functions))]

    def _after(self, instance: int, token: Token, step: FlowStep, left: Left) -> Iterator[Token]:
        if left.next and self._steps[left.next[0]].kind is StepKind.JOIN:
            yield from self._arrive(instance, token, left)
        elif left.gang is not None:
            frames = (*token.frames, Frame(instance, 0, 1))
            index = 0 if left.gang.counts_itself else None
            yield Token(left.next[0], (instance,), frames, index, left.gang)
        elif step.kind is StepKind.FOREACH:
            of = left.items or 0
            for index in range(of):
                yield Token(left.next[0], (instance,), (*token.frames, Frame(instance, index, of)), index)
        elif step.kind is StepKind.SPLIT:
            for index, name in enumerate(left.next):
                yield Token(name, (instance,), (*token.frames, Frame(instance, index, len(left.next))))
        elif left.next:
            yield Token(left.next[0], (instance,), token.frames)

    def _arrive(self, instance: int, token: Token, left: Left) -> Iterator[Token]:
        if not token.frames:
            raise ValueError(f"it goes to the join '{left.next[0]}', and nothing was split before it")
        frame = token.frames[-1]
        place = (left.next[0], frame.opener)
        arrived = self._arrived.setdefault(place, {})
        arrived[frame.index] = instance
        if len(arrived) == frame.of:
            del self._arrived[place]
            inputs = tuple(arrived[index] for index in sorted(arrived))
            yield Token(left.next[0], inputs, token.frames[:-1], members=left.members)

    def _name(self, token: Token) -> str:
        is_repeated = self._flow.step(token.step).is_repeated
        return f"{token.step}[{self._counts[token.step]}]" if is_repeated else token.step


def _check(step: FlowStep, left: Left) -> None:
    """What the code did must be what was read from it when it was deployed."""
    expected = f"its code says {', '.join(step.next) or 'that the flow ends'}"
    if step.kind is StepKind.SWITCH:
        if len(left.next) != 1 or left.next[0] not in step.next:
            raise ValueError(f"it went to {', '.join(left.next) or 'no step'}, and {expected}, one of them")
    elif left.next != step.next:
        raise ValueError(f"it went to {', '.join(left.next) or 'no step'}, and {expected}")
    if step.kind is StepKind.FOREACH and left.gang is None and not left.items:
        raise ValueError("its foreach has no items")
