"""Names for people and firms that do not exist: all of their domains end in ``.example``. Pure."""

from __future__ import annotations

FIRST_NAMES = (
    "Amara", "Anton", "Beatriz", "Bruno", "Camille", "Clara", "Daniel", "Dina", "Elena", "Emil", "Farah", "Felix",
    "Greta", "Hugo", "Ida", "Igor", "Ines", "Jakob", "Jana", "Joao", "Karim", "Katja", "Lars", "Leila", "Linh", "Lucas",
    "Malik", "Marta", "Mathis", "Mei", "Nadia", "Nils", "Noah", "Olga", "Oscar", "Paula", "Pedro", "Priya", "Rafael",
    "Rosa", "Samir", "Selma", "Tariq", "Thea", "Tomas", "Ulla", "Viktor", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abadi", "Alvarez", "Andersen", "Bauer", "Becker", "Bianchi", "Brandt", "Castro", "Costa", "Dubois", "Eriksen",
    "Fischer", "Fontaine", "Garcia", "Haddad", "Hansen", "Ivanova", "Jansen", "Keller", "Kowalski", "Kumar", "Lambert",
    "Lima", "Lindgren", "Lopez", "Maier", "Martins", "Meyer", "Moreau", "Nguyen", "Novak", "Okafor", "Olsen", "Peeters",
    "Pereira", "Petrov", "Richter", "Rossi", "Santos", "Schmid", "Silva", "Sorensen", "Tanaka", "Torres", "Vargas",
    "Visser", "Wagner", "Weber", "Winter", "Zhang",
)  # fmt: skip
FIRM_FIRST = (
    "Alder", "Amber", "Anchor", "Aspen", "Atlas", "Beacon", "Birch", "Blue Heron", "Bright", "Cedar", "Clear", "Copper",
    "Delta", "Ember", "Fern", "Field", "Fjord", "Glacier", "Granite", "Harbour", "Hazel", "Indigo", "Iron", "Juniper",
    "Kestrel", "Linden", "Lumen", "Maple", "Meridian", "Mint", "North", "Oak", "Olive", "Orchard", "Osprey", "Pebble",
    "Pine", "Quartz", "Raven", "River", "Saffron", "Sage", "Sienna", "Silver", "Slate", "Spruce", "Stone", "Summit",
    "Tidal", "Umber", "Vale", "Violet", "Walnut", "Willow",
)  # fmt: skip
FIRM_SECOND = {
    "manufacturing": ("Works", "Tooling", "Castings", "Pumps"),
    "logistics": ("Freight", "Logistics", "Carriers", "Depots"),
    "retail": ("Stores", "Outfitters", "Home", "Market"),
    "wholesale": ("Trading", "Supply", "Wholesale", "Provisions"),
    "software": ("Systems", "Software", "Cloud", "Labs"),
    "finance": ("Capital", "Leasing", "Credit", "Insurance"),
    "education": ("Academy", "Institute", "College", "School"),
}
LEGAL_FORMS = {"DE": "GmbH", "AT": "GmbH", "CH": "AG", "NL": "BV", "FR": "SAS", "PL": "", "SE": "AB", "US": "Inc.", "CA": "Ltd.",
               "BR": "Ltda", "MX": "SA"}  # fmt: skip
PREFIXES = {"DE": "+4930", "AT": "+431", "CH": "+4144", "NL": "+3120", "FR": "+3314", "PL": "+4822", "SE": "+468", "US": "+1212",
            "CA": "+1416", "BR": "+55113", "MX": "+52551"}  # fmt: skip
EUROPE = ("DE", "DE", "DE", "AT", "CH", "NL", "FR", "PL", "SE")
AMERICAS = ("US", "US", "CA", "BR", "MX")

ROLES = {
    "operations": ("Operations Manager", "Head of Operations", "COO"),
    "logistics": ("Logistics Manager", "Head of Logistics", "VP Logistics"),
    "production": ("Production Manager", "Plant Director", "Head of Production"),
    "finance": ("Finance Director", "Head of Finance", "CFO"),
    "controlling": ("Controlling Manager", "Head of Controlling", "Director Controlling"),
    "marketing": ("Marketing Manager", "Head of Marketing", "CMO"),
    "student": ("Student", "Intern", "Student"),
}
SENIORITIES = {
    "Manager": "manager", "Director": "director", "Head": "head", "VP": "vp", "COO": "c-level", "CFO": "c-level",
    "CMO": "c-level", "Student": "student", "Intern": "intern",
}  # fmt: skip

NOTES = (
    "", "", "", "Please call in the morning.", "We compare three vendors until the end of the quarter.",
    "How long does the introduction take?", "Our contract elsewhere runs out in spring.",
)  # fmt: skip
CALL_NOTES = {
    "no_answer": ("", "Rang out.", "Try again after lunch."),
    "left_message": ("", "Left word with the assistant."),
    "sent": ("", "Sent the short introduction.", "Sent two dates for a call."),
    "wrong_data": ("The number is not in service.",),
    "conversation": ("Good talk. Wants to see figures.", "Interested, but not before next quarter.", "Asked for the price list."),
    "meeting_booked": ("Meeting booked for next week.",),
    "meeting_held": ("Went through the checklist together.",),
}  # fmt: skip
QUALIFY_REASONS = (
    "Met at the trade show and asked for a call",
    "Told us on the phone that a decision is near",
    "Corrected the firm size: it fits after all",
    "A customer recommended us to them",
)
REOPEN_REASONS = ("Wrote again and has a budget now", "Was closed by mistake")
QUESTIONS = (
    "Which plant is it about?",
    "What did they ask for at the stand?",
    "Did they say whom they work with today?",
    "Who else of the firm was in the session?",
)
ANSWERS = (
    "The one in the south; they open a second one in spring.",
    "They asked for figures of a firm of their size.",
    "They named their spreadsheet, and nobody else.",
    "Nobody that we know of. I have added what they wrote.",
)
OFFERS_OF_HELP = ("Shall we send the case study?", "We could invite them to the next session. Good idea?")
ANSWERS_TO_OFFERS = ("Yes, today please.", "Not yet: they decide after their audit.", "Thanks, I have sent it myself.")
CONTESTED = (
    "They do decide: the website names them as head of the department.",
    "The firm has three sites; the size in the file is that of one.",
    "They answered our mail an hour later.",
)
CONTESTED_DELIVERIES = (
    "A student who wrote a thesis, and said so in the form.",
    "They sell to us; they do not buy.",
    "The same person as last month under another address.",
)
EXCUSED = ("system_down", "wrong_assignment", "force_majeure", "contact_unreachable")
