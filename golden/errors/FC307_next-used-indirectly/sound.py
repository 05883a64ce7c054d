"""`next` of everything but the flow."""

from types import SimpleNamespace

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.page = SimpleNamespace(next=[1], self=SimpleNamespace(next=2))
        go = self.page.next
        advance = next
        self.next_page = advance(iter(go))
        self.following = getattr(self, "next_page")
        self.inner = self.page.self.next
        self.next(
            self.end
        )

    @step
    def end(self):
        print(self.next_page, self.page.next)
