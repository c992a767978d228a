"""What the chapters of the story share: who sits where, and the names in it."""

from __future__ import annotations

from dataclasses import dataclass

from replay.company import Company
from tests.journey.conftest import Clock
from tests.journey.seats import House, Seat

CAMPAIGN = "Spring open house"
CLARA, NOOR, TARIQ, GRETA = "Clara Winter", "Noor Haddad", "Tariq Olsen", "Greta Novak"
FILE = """First Name,Last Name,Email,Company,Industry,Employees,Job,Seniority,Country,Lead Source
Noor,Haddad,noor@tidal.example,Tidal Stores,retail,240,operations,head,DE,event
Bruno,Costa,not an address,Stone Castings,manufacturing,90,production,manager,PT,event
"""


@dataclass(slots=True)
class Story:
    """Who sits where, and the clock."""

    house: House
    clock: Clock
    company: Company
    maya: Seat
    sam: Seat
    sue: Seat
    mona: Seat
