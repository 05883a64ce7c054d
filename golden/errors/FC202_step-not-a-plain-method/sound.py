import asyncio

from flowc import FlowSpec, step


class Example(FlowSpec):
    @property
    def size(self):
        return 3

    @staticmethod
    def double(x):
        return 2 * x

    @classmethod
    def name_of(cls):
        return cls.__name__

    def rows(self):
        yield from range(self.size)

    async def fetch(self):
        return 1

    @step
    def start(self):
        async def gather():
            async for item in numbers():
                return item, await self.fetch()

        async def numbers():
            yield 1

        def pairs():
            for row in self.rows():
                yield row, self.double(row)

        later = lambda: (yield)
        self.got = asyncio.run(gather())
        self.pairs = list(pairs())
        self.lazy = sum(x for x in (y for y in self.rows()))
        self.label = self.name_of(), callable(later)
        self.next(self.end)

    @step
    def end(self):
        pass
