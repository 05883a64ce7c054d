from flowc import FlowSpec, current, step


class LoopTwoSteps(FlowSpec):
    """A loop over two steps, which knows its turns and goes on to a third."""

    @step
    def start(self):
        self.drafts = []
        self.next(self.write)

    @step
    def write(self):
        self.drafts = [*self.drafts, f"draft at {current.task_id}"]
        self.next(self.review)

    @step
    def review(self):
        self.verdict = "good" if len(self.drafts) == 3 else "bad"
        self.next({"bad": self.write, "good": self.publish}, condition="verdict")

    @step
    def publish(self):
        self.published = self.drafts[-1]
        self.next(self.end)

    @step
    def end(self):
        print(self.published)


if __name__ == "__main__":
    LoopTwoSteps()
