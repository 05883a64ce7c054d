try:
    from flowc import FlowSpec as Flow, step as task
except ImportError:
    from metaflow import FlowSpec as Flow, step as task

Base = Flow


class Example(Base):
    @task
    def start(self):
        self.next(self.end)

    @task
    def end(self):
        pass
