"""Graphs as people see them: boxes, and lines that say what follows what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from skafd.looks.graph.channel import Way, route
from skafd.looks.graph.drawing import BOX_LINES, Box, Drawing, draw
from skafd.looks.graph.layers import Spot, arrange

CHAIN = {"ingest": [], "train": ["ingest"], "report": ["train", "ingest"]}


def _draw(graph: Mapping[str, Sequence[str]], chosen: str | None = None) -> Drawing:
    return draw({name: Box(name, "", before) for name, before in graph.items()}, chosen)


def _seen(graph: Mapping[str, Sequence[str]], chosen: str | None = None) -> str:
    return "\n".join(line.plain for line in _draw(graph, chosen).lines)


def test_a_chain_with_a_short_cut() -> None:
    assert _seen(CHAIN) == (
        "╭────────╮     ╭───────╮     ╭────────╮\n"
        "│ ingest │─┬──▶│ train │─┬──▶│ report │\n"
        "╰────────╯ │   ╰───────╯ │   ╰────────╯\n"
        "           │             │\n"
        "           ╰─────────────╯"
    )


def test_the_chosen_one_stands_out_without_colours() -> None:
    assert "┃ train ┃" in _seen(CHAIN, "train")


def test_jobs_without_dependencies_stand_in_one_column() -> None:
    assert _seen({"a": [], "b": []}).splitlines()[1::BOX_LINES] == ["│ a │", "│ b │"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert _draw({}).lines == []


def test_a_long_name_is_cut() -> None:
    assert f"│ {'x' * 29}… │" in _seen({"x" * 80: []})


def test_a_circle_and_an_unknown_job_do_no_harm() -> None:
    assert set(_draw({"a": ["b"], "b": ["a"], "c": ["nowhere"]}).places) == {"a", "b", "c"}


def test_a_thousand_jobs_in_a_row_are_drawn() -> None:
    chain = {f"j{number}": [f"j{number - 1}"] if number else [] for number in range(1000)}
    assert len(_draw(chain).lines) == BOX_LINES


@st.composite
def graphs(draw_one: st.DrawFn) -> dict[str, list[str]]:
    """Jobs that depend on earlier ones."""
    count = draw_one(st.integers(1, 9))
    names = [f"n{number}" for number in range(count)]
    return {
        name: draw_one(st.lists(st.sampled_from(names[:number]), unique=True, max_size=4)) if number else []
        for number, name in enumerate(names)
    }


@given(graphs())
def test_every_job_has_a_box_of_its_own_right_of_what_it_depends_on(graph: dict[str, list[str]]) -> None:
    places = _draw(graph).places
    assert set(places) == set(graph)
    corners = {(place.line, place.column) for place in places.values()}
    assert len(corners) == len(graph)
    for name, before in graph.items():
        assert all(places[one].column + places[one].columns < places[name].column for one in before)


@given(graphs())
def test_every_line_leads_from_a_job_to_one_that_follows_it(graph: dict[str, list[str]]) -> None:
    assert _followed(graph) == {(one, name) for name, before in graph.items() for one in before}


def _followed(graph: Mapping[str, Sequence[str]]) -> set[tuple[str, str]]:
    """Where one gets from each box along its lines, past columns in which it does not end."""
    arrangement = arrange(graph)
    found = set()
    for begin in (spot for column in arrangement.columns for spot in column):
        here = [begin] if Spot(begin.node, begin.layer - 1) not in arrangement.row_of else []
        while here:
            between = arrangement.lines[here[0].layer] if here[0].layer < len(arrangement.lines) else {}
            reached = [one for spot in here for one in between.get(spot, ())]
            found |= {(begin.node, one.node) for one in reached if one.node != begin.node}
            here = [one for one in reached if one.node == begin.node]
    return found


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True)))
def test_ways_between_two_columns_share_a_row_only_where_both_end(ways: dict[int, list[int]]) -> None:
    channel = route([Way(start, sorted(ends)) for start, ends in ways.items()])
    if channel.is_shifted:
        assert sorted(channel.upright_of) == sorted(ways)
        return
    last = channel.uprights
    for start, ends in ways.items():
        upright = channel.upright_of.get(start, last)
        for other, its_ends in ways.items():
            if other != start and start in its_ends and start not in ends:
                assert upright < channel.upright_of.get(other, last), "it would run into the other"
