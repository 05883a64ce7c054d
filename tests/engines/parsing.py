"""What moto parses again and again, parsed once: definitions and JSONPaths. And its log, which prints whole machines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path

from engines.mending import mend

_lock = threading.Lock()


def _parse_once(original: Callable[[str], Any], text: str) -> Any:
    """The grammar takes 5 ms for a state, and 2 ms for a JSONPath, whenever a state is entered. What it makes is not changed."""
    with _lock:
        return _parsed(original, text)


@lru_cache(maxsize=4096)
def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    return parse(text)


mend(json_path, "parse")(_parse_once)
mend(result_path, "parse")(_parse_once)
mend(AmazonStateLanguageParser, "parse")(_parse_once)


def _say_nothing(_original: Callable[..., None], _self: EvalComponent, **_what: object) -> None:
    """moto logs the whole machine, for each part of it that an error passes."""


mend(EvalComponent, "_log_failure_event_exception")(_say_nothing)
mend(EvalComponent, "_log_exception")(_say_nothing)
