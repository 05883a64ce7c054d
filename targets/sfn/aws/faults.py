"""What AWS refuses, as the runtime is told of it: `Busy` where it may pass, else `ComputeError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ....runtime.compute import Busy, ComputeError
from .session import AwsError, Session


@contextmanager
def explained(session: Session) -> Iterator[None]:
    """Turn what AWS refuses of a run that goes on into `ComputeError`.

    Credentials that have expired are no end of a run: somebody logs in again, and it goes on.
    """
    try:
        yield
    except AwsError as error:
        if error.expired:
            session.renew()
        if passes(error):
            raise Busy(str(error)) from None
        raise ComputeError(str(error)) from None


def passes(error: AwsError) -> bool:
    """Whether the same request may do later, of one that has done before. A network that asks for a login breaks TLS."""
    return error.passing or error.expired or error.code == "SSLError"
