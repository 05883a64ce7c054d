"""`flowc retry`: Argo's word for `flowc redrive`."""

from __future__ import annotations

from .redrive import going_on_verb

command = going_on_verb("retry", "redrive", "argo")
