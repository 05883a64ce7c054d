"""Decorators that are not flowc's, under names like flowc's; and flowc's own under other names."""

import functools

import flowc
from flowc import FlowSpec, resources as needs, retry, step


def retry(stop):
    return lambda function: function


def resuorces(**wanted):
    return lambda function: function


def timed(function):
    @functools.wraps(function)
    def run(self, *arguments):
        return function(self, *arguments)

    return run


class my:
    retry = staticmethod(timed)


class Example(FlowSpec):
    @resuorces(memory=4000)
    @retry(stop=3)
    @step
    def start(self):
        self.next(self.other)

    @step
    @timed
    @my.retry
    @needs(memory=4000)
    def other(self):
        self.next(self.last)

    @flowc.retry(times=1, minutes_between_retries=0)
    @timed
    @flowc.step
    def last(self):
        self.next(self.end)

    @step
    def end(self):
        pass
