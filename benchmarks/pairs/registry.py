"""All cases and all contenders, by name."""

from __future__ import annotations

from pairs.cases import CASES
from pairs.catalogue import CONTENDERS
from pairs.store_cases import STORE_CASES
from pairs.store_catalogue import STORE_CONTENDERS

ALL_CASES = (*CASES, *STORE_CASES)
ALL_CONTENDERS = {**CONTENDERS, **{each.name: each for each in STORE_CONTENDERS}}
