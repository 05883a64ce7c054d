from base import Comon


class Example(Comon):
    pass
