from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.cli.hearing import Hearing
from speechmesh.cli.live_text import TurnText


def fed(*pieces: str) -> list[str | None]:
    turns = TurnText()
    return [said for piece in pieces for said in turns.feed(piece)]


def test_an_empty_line_ends_a_turn() -> None:
    assert fed("One.\nTwo.\n\nThree.") == ["One.\n", "Two.\n", None, "Three."]
    assert fed("One.\r\n \t\r\nTwo.") == ["One.\r\n", None, "Two."]


def test_empty_lines_before_a_turn_are_none() -> None:
    assert fed("\n\n  \nOne.\n\n\n\n") == ["One.\n", None]


@given(st.text(st.sampled_from("ab \n"), max_size=60))
def test_text_says_the_same_by_the_character_and_as_a_whole(text: str) -> None:
    def joined(said: list[str | None]) -> list[str]:
        return "".join("|" if piece is None else piece for piece in said).split("|")

    assert joined(fed(*text)) == joined(fed(text))


def test_a_player_has_been_heard_as_far_as_time_went_on() -> None:
    hearing = Hearing(is_file=False)
    assert hearing.place(0, 0.0) is None
    assert hearing.place(1, 0.0) == (0, 0.0)
    hearing.send(0, 2000.0, 10.0)
    assert hearing.place(1, 10.5) == (0, pytest.approx(500.0))
    hearing.complete(0)
    hearing.send(1, 1000.0, 10.6)  # which is heard from 12 s on
    assert hearing.place(2, 12.25) == (1, pytest.approx(250.0))
    hearing.complete(1)
    assert hearing.left_s(12.25) == pytest.approx(0.75)
    assert hearing.place(2, 13.0) is None
    hearing.send(2, 500.0, 20.0)  # behind a silence
    assert hearing.place(3, 20.2) == (2, pytest.approx(200.0))


def test_a_file_is_heard_as_it_is_written() -> None:
    hearing = Hearing(is_file=True)
    hearing.send(0, 2000.0, 0.0)
    assert hearing.place(1, 0.0) == (0, 2000.0)
    hearing.complete(0)
    assert hearing.place(1, 0.0) is None
    assert hearing.left_s(0.0) == 0.0


def test_interrupted_turns_are_not_waited_for() -> None:
    hearing = Hearing(is_file=False)
    hearing.send(0, 2000.0, 0.0)
    assert not hearing.is_complete(2)
    hearing.interrupt(2)
    assert hearing.is_complete(2)
    assert hearing.place(2, 0.1) is None
    assert hearing.left_s(0.1) == 0.0
