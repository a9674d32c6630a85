"""Where a program's loops are: how much is done, how much is ahead, and what stopping them does."""

from __future__ import annotations

import pytest

from dlplay.stage.own import OwnStage
from dlplay.wire import commands


class Course:
    """A stage whose loops a test goes through as a program does."""

    def __init__(self):
        self.stage = OwnStage(lambda batch: None, commands.NoControls())
        self.seen = []

    def loop(self, steps, total=None, phase=""):
        place = self.stage.enter(steps if total is None else total, phase)
        for step in range(steps):
            self.stage.next(place)
            yield step
            self.stage.after(place)
        self.stage.leave(place)

    @property
    def progress(self):
        """Step and total as they are told at this moment."""
        self.stage._note_progress()
        return self.stage._progress[:2]


def test_training_and_validation_in_every_epoch_are_one_course():
    course, seen = Course(), []
    for _ in course.loop(10):
        seen += [course.progress for _ in course.loop(100)]
        seen += [course.progress for _ in course.loop(20)]
    assert seen[0] == (1, 1000)  # the second loop is not known yet
    assert seen[100] == (101, 1200)
    assert [done for done, _ in seen] == list(range(1, 1201))
    assert {total for _, total in seen[120:]} == {1200}
    assert course.stage._progress[:2] == (1200, 1200)


def test_an_inner_loop_now_and_then_is_not_taken_for_one_at_every_step():
    course, totals = Course(), []
    for step in course.loop(1000):
        totals.append(course.progress[1])
        if step % 100 == 0:
            for _ in course.loop(20):
                pass
    true = 1000 + 10 * 19  # the first step of an inner loop is that of the one around it
    assert max(totals[300:]) < 1.1 * true
    assert course.stage._progress[:2] == (true, true)


def test_three_loops_deep_the_first_step_tells_the_whole():
    course, seen = Course(), []
    for _ in course.loop(2):
        for _ in course.loop(3):
            seen += [course.progress for _ in course.loop(4)]
    assert seen == [(done, 24) for done in range(1, 25)]


def test_loops_one_after_another_end_where_the_axis_does():
    course = Course()
    for _ in course.loop(100):
        pass
    assert course.stage._progress[:2] == (100, 100)
    for step in course.loop(50):
        assert course.progress == (step + 1, 50)
    assert course.stage._progress[:2] == (150, 150)


def test_a_loop_without_an_end_has_no_total_and_one_beyond_all_runs_neither():
    course = Course()
    for _ in course.loop(3, total=0):
        assert course.progress[1] == 0
    course = Course()
    for _ in course.loop(3, total=10**12):
        for _ in course.loop(2, total=10**12):
            assert course.progress[1] < 10**15


def test_loops_of_other_threads_are_no_part_of_it():
    import threading

    course = Course()
    other = Course()
    other.stage = course.stage
    beside = other.loop(50)
    for step in course.loop(10):
        thread = threading.Thread(target=next, args=(beside,))
        thread.start()
        thread.join()
        assert course.progress == (step + 1, 10)


@pytest.mark.parametrize(
    "epochs",
    [
        "for epoch in range(5): print('batch', train())",
        "[print('batch', train()) for epoch in range(5)]",
    ],
)
def test_stopped_it_does_not_begin_the_same_loop_again_for_long(watch, epochs):
    seen = watch(
        f"""
        from dlplay import stage

        def train():
            for batch in stage.loop(10**6):
                stage.curve("loss", train=1.0)
            return batch

        {epochs}
        for batch in stage.loop(7):
            stage.curve("test", test=2.0)
        print("saved")
        """
    )
    seen.until(lambda h: h.tick > 5, "some steps")
    seen.run.stop()
    done = seen.end()
    assert done.status == "stopped"
    assert "saved" in seen.log
    assert len(seen.points("test", "test")[0]) == 7  # what it never saw is whole
    first, *later = [line for line in seen.log.splitlines() if line.startswith("batch")]
    assert first != "batch 0"
    assert later == ["batch 0"] * 4
