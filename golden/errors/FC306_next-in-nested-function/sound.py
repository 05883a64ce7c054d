"""Nested functions and classes with a `next` of their own; where they have a `self`, it is not the flow."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    def first(self, rows):
        def advance():
            return next(rows)

        return advance()

    @staticmethod
    def link(x):
        return x.next(1)

    def chain(self):
        class Node:
            def __init__(self, next=None):
                self.next = next

            def last(self):
                return self.next(self) if callable(self.next) else self.next

        return Node(Node()).last().next

    @step
    def start(self):
        class Node:
            def __init__(self, value, next=None):
                self.value = value
                self.next = next

            def length(self):
                return 1 + (self.next.length() if self.next else 0)

        following = lambda self: self.next
        rows = iter([1, 2])

        def go(node):
            return node.next

        def back(self):
            return self.next

        node = Node(1, Node(2))
        self.values = [go(node).value, back(node).value, following(node).value, node.length()]
        self.row = self.first(rows)
        self.nothing = self.chain()
        self.next(self.end)

    @step
    def end(self):
        pass
