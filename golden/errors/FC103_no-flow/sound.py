"""Nothing here is called `FlowSpec`, and the class does not stand at the file's left edge."""

import flowc as engine

Base = engine.FlowSpec

if __debug__:

    class Example(Base):
        @engine.step
        def start(self):
            self.next(self.end)

        @engine.step
        def end(self):
            pass
