"""Guesses: which names are near, and which would be absurd to suggest."""

from __future__ import annotations

import time

import pytest

from flowc.compiler.similar import did_you_mean, near


@pytest.mark.parametrize(
    ("given", "known", "guess"),
    [
        ("trian", ["start", "train", "end"], "train"),
        ("TRAIN", ["train"], "train"),
        ("Train_Model", ["trainmodel"], "trainmodel"),
        ("nxt", ["next"], "next"),
        ("squares", ["square"], "square"),
        ("for_each", ["foreach", "condition"], "foreach"),
        ("memroy", ["cpu", "memory"], "memory"),
        ("tims", ["minutes_between_retries", "times"], "times"),
        ("stpe", ["Step", "step"], "step"),
        ("Stpe", ["step", "Step"], "Step"),
        ("FC1011", ["FC101", "FC301"], "FC101"),
    ],
)
def test_near(given: str, known: list[str], guess: str) -> None:
    assert did_you_mean(given, known) == guess


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("a", ["b", "c"]),
        ("ab", ["ac"]),
        ("part1", ["part2"]),
        ("fetch", ["train"]),
        ("left", ["right"]),
        ("", ["a"]),
        ("publish", ["start", "end"]),
        ("x" * 5000, ["x" * 4999]),
    ],
)
def test_absurd(given: str, known: list[str]) -> None:
    assert near(given, known) == ()


def test_of_names_that_differ_in_case_only_the_nearer_is_near() -> None:
    assert near("stpe", ["Step", "step", "start"]) == ("step",)
    assert near("sTep", ["Step", "step"]) == ("step",)
    assert near("stEP", ["Step", "step", "STEP"]) == ("STEP", "step")


def test_the_order_of_names_does_not_matter() -> None:
    assert near("joni", ["join", "joins", "jon"]) == near("joni", ["jon", "joins", "join"]) == ("join", "jon")
    assert did_you_mean("worl", ["work", "word"]) == did_you_mean("worl", ["word", "work"]) == "word"


def test_many_names_cost_little() -> None:
    names = [f"step_{n:05}_of_many" for n in range(5000)]
    began = time.process_time()
    for n in range(200):
        near(f"setp_{n:05}_of_many", names)
    assert time.process_time() - began < 2
    assert near("STEP_00001_OF_MANY", names) == ("step_00001_of_many",)
