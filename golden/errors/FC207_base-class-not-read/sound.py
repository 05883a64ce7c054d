"""The flow has no base but flowc's; classes beside it and inside it have bases of their own."""

import enum

import metaflow as mf


class Kind(str, enum.Enum):
    SMALL = "small"


class Common:
    data = 1


class Special(Common):
    pass


class Example(mf.FlowSpec):
    common = Special

    @mf.step
    def start(self):
        class Local(Common, dict):
            pass

        self.kind = Kind.SMALL.value
        self.data = Local().data + Special.data
        self.next(self.end)

    @mf.step
    def end(self):
        pass
