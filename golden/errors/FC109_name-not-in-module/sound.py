"""The base is there under another name, and through a module's own name."""

import base
from base import Common as Comon


class Middle(Comon):
    pass


class Example(Middle, base.Common):
    pass
