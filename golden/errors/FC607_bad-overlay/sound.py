"""Steps that have the volume which the overlay mounts once more."""

from flowc import FlowSpec, kubernetes, step

CLAIMS = {"team.data": "/data"}


class Example(FlowSpec):
    @kubernetes(persistent_volume_claims=CLAIMS)
    @step
    def start(self):
        self.next(self.end)

    @kubernetes(persistent_volume_claims=CLAIMS)
    @step
    def end(self):
        pass
