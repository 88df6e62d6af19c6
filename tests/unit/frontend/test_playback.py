from __future__ import annotations

import pytest

from speechmesh.frontend.playback import Playback


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def playback(clock: Clock) -> Playback:
    return Playback(150.0, clock)


def test_a_new_request_has_its_target_left_and_then_waits(playback: Playback, clock: Clock) -> None:
    assert playback.slack_ms(0) == pytest.approx(150)
    clock.now_s += 0.2
    assert playback.slack_ms(0) == pytest.approx(-50)


def test_later_segments_have_the_earlier_ones_to_play_first(playback: Playback) -> None:
    playback.expect(0, 1000.0)
    playback.expect(1, 2000.0)
    assert playback.slack_ms(1) == pytest.approx(1150)
    assert playback.slack_ms(2) == pytest.approx(3150)


def test_playback_drains_the_buffer(playback: Playback, clock: Clock) -> None:
    playback.expect(0, 1000.0)
    playback.delivered(0, 100.0, last=False)
    clock.now_s += 0.08
    assert playback.slack_ms(0) == pytest.approx(20)
    assert playback.slack_ms(1) == pytest.approx(920)
    clock.now_s += 0.1
    assert playback.slack_ms(0) == pytest.approx(-80)


def test_a_finished_segment_leaves_nothing_expected(playback: Playback, clock: Clock) -> None:
    playback.expect(0, 1000.0)  # an estimate: it turns out shorter
    playback.delivered(0, 600.0, last=True)
    assert playback.slack_ms(1) == pytest.approx(600)


def test_silence_of_no_length_does_not_start_the_playback(playback: Playback, clock: Clock) -> None:
    playback.delivered(0, 0.0, last=False)
    clock.now_s += 0.1
    assert playback.slack_ms(0) == pytest.approx(50)


def heard_until_dry(playback: Playback, clock: Clock) -> None:
    """100 ms of audio, all of which was played 30 ms ago."""
    playback.delivered(0, 100.0, last=False)
    playback.taken()
    clock.now_s += 0.13


def test_audio_that_comes_late_ends_a_gap(playback: Playback, clock: Clock) -> None:
    heard_until_dry(playback, clock)
    playback.delivered(0, 0.0, last=False)
    assert playback.gaps_ms == []
    playback.delivered(0, 200.0, last=False)
    playback.delivered(0, 50.0, last=False)
    assert playback.gaps_ms == [pytest.approx(30)]


def test_playback_goes_on_where_it_stopped(playback: Playback, clock: Clock) -> None:
    heard_until_dry(playback, clock)
    playback.delivered(0, 200.0, last=False)
    clock.now_s += 0.19
    playback.delivered(0, 100.0, last=False)
    assert len(playback.gaps_ms) == 1
    clock.now_s += 0.15
    playback.delivered(0, 100.0, last=True)
    assert playback.gaps_ms == [pytest.approx(30), pytest.approx(40)]


def test_a_turn_that_is_opened_before_it_is_written_begins_with_its_text(
    playback: Playback, clock: Clock
) -> None:
    clock.now_s += 5.0
    playback.asked()
    assert playback.elapsed_ms == pytest.approx(0)
    assert playback.slack_ms(0) == pytest.approx(150)
    playback.delivered(0, 100.0, last=False)
    clock.now_s += 0.05
    playback.asked()  # of no matter once something is heard
    assert playback.elapsed_ms == pytest.approx(50)


def test_after_a_stop_the_listener_has_as_long_as_came_since(playback: Playback, clock: Clock) -> None:
    heard_until_dry(playback, clock)
    assert playback.slack_ms(0) == pytest.approx(-30)
    playback.delivered(0, 200.0, last=False)
    assert playback.slack_ms(0) == pytest.approx(200)
    clock.now_s += 0.05
    assert playback.slack_ms(0) == pytest.approx(150)


def test_what_a_player_bridges_is_no_gap(playback: Playback, clock: Clock) -> None:
    playback.delivered(0, 100.0, last=False)
    clock.now_s += 0.109
    playback.delivered(0, 100.0, last=False)
    assert playback.gaps_ms == []


def test_a_caller_that_takes_nothing_has_no_gap(playback: Playback, clock: Clock) -> None:
    playback.delivered(0, 100.0, last=False)
    clock.now_s += 10.0
    playback.taken()
    clock.now_s += 0.005
    playback.delivered(0, 100.0, last=False)
    assert playback.gaps_ms == []
    clock.now_s += 0.12
    playback.delivered(0, 100.0, last=False)
    assert playback.gaps_ms == [pytest.approx(20)]


def test_text_that_is_not_written_makes_no_gap(playback: Playback, clock: Clock) -> None:
    heard_until_dry(playback, clock)
    clock.now_s += 5.0
    playback.written(1)
    clock.now_s += 0.14
    playback.delivered(1, 100.0, last=True)
    assert playback.gaps_ms == []
    clock.now_s += 5.0
    playback.written(2)
    clock.now_s += 0.21
    playback.delivered(2, 100.0, last=False)
    assert playback.gaps_ms == [pytest.approx(60)]


def test_text_of_a_later_segment_excuses_no_gap(playback: Playback, clock: Clock) -> None:
    heard_until_dry(playback, clock)
    playback.written(2)
    playback.delivered(1, 100.0, last=False)
    assert playback.gaps_ms == [pytest.approx(30)]
