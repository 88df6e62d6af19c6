from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.pressure import Pressure, Steps


class Stage:
    """A stage in which chunks come at 50 a second and wait this share of their listeners' time."""

    def __init__(self, last: Steps | None = None) -> None:
        self.now = 1000.0
        self.pressure = Pressure(Steps(), n_levels=3, now=self.now, last=last)
        self.levels: list[int] = []

    def run(self, seconds: float, share: float) -> Stage:
        for _ in range(round(seconds * 50)):
            self.now += 0.02
            self.pressure.observe(queue_ms=share * 1000.0, slack_ms=1000.0, now=self.now)
            self.levels.append(self.pressure.level(self.now))
        return self

    def idle(self, seconds: float) -> Stage:
        self.now += seconds
        self.levels.append(self.pressure.level(self.now))
        return self

    @property
    def changes(self) -> int:
        return sum(a != b for a, b in zip(self.levels, self.levels[1:], strict=False))


def test_an_easy_load_stays_at_the_best_tier() -> None:
    assert set(Stage().run(60, 0.05).levels) == {0}


def test_a_load_that_eats_the_listeners_time_steps_down_and_further_down() -> None:
    stage = Stage().run(30, 0.9)
    assert stage.levels[-1] == 2
    assert stage.changes == 2


def test_one_step_is_given_time_to_work() -> None:
    stage = Stage().run(2, 0.9)
    assert stage.levels[-1] == 1


def test_it_steps_up_again_only_after_lasting_calm() -> None:
    stage = Stage().run(3, 0.9)
    assert stage.run(8, 0.0).levels[-1] > 0
    assert stage.run(30, 0.0).levels[-1] == 0


def test_between_the_bounds_nothing_changes() -> None:
    stage = Stage().run(2, 0.9)
    assert stage.run(60, 0.3).levels[-1] == stage.levels[99]


def test_the_last_step_is_taken_and_taken_back_at_its_own_bounds_alone() -> None:
    stage = Stage(last=Steps(down_above=0.8, up_below=0.6, down_after_s=2.0, up_after_s=2.0))
    assert stage.run(30, 0.7).levels[-1] == 1
    assert stage.run(30, 0.9).levels[-1] == 2
    assert stage.run(30, 0.65).levels[-1] == 2
    assert stage.run(300, 0.3).levels[-1] == 1
    assert stage.run(60, 0.05).levels[-1] == 0


def test_an_idle_stage_recovers_without_any_chunk() -> None:
    stage = Stage().run(3, 0.9)
    level = stage.levels[-1]
    stage.idle(20)  # the calm is noticed
    assert stage.idle(11).levels[-1] < level


def test_a_step_up_that_did_not_hold_makes_the_next_wait_longer() -> None:
    stage = Stage()
    ups = []
    for _ in range(4):
        stage.run(4, 0.9)
        begun = stage.now
        while stage.pressure.level(stage.now):
            stage.run(0.5, 0.0)
        ups.append(stage.now - begun)
    assert ups == sorted(ups)
    assert ups[-1] > 2 * ups[0]


def test_a_new_listeners_first_chunk_counts_only_what_is_noticed() -> None:
    stage = Stage()
    for _ in range(500):
        stage.now += 0.02
        stage.pressure.observe(queue_ms=5.0, slack_ms=-20.0, now=stage.now)
    assert stage.pressure.level(stage.now) == 0


@given(st.lists(st.tuples(st.floats(0.1, 20), st.floats(0, 2)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=50)
def test_the_level_moves_by_single_steps_within_its_bounds(loads: list[tuple[float, float]]) -> None:
    stage = Stage()
    for seconds, share in loads:
        stage.run(seconds, share)
    assert set(stage.levels) <= {0, 1, 2}
    assert all(abs(a - b) <= 1 for a, b in zip(stage.levels, stage.levels[1:], strict=False))
