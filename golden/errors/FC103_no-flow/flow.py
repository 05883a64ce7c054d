from flowc import step


class Example:
    @step
    def start(self):
        pass
