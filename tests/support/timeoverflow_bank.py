"""Invented timebanks as TimeOverflow exports them, with the balances that must come out of an import.

Everything is a pure function of the arguments. The text holds what breaks importers: accents, quotes, commas and line
breaks within a field, hundredths of an hour. Account 0 is the bank itself ("organization"). Times are UTC.
"""
import csv
import datetime
import pathlib
import random

FIRST = "Zoë Núria Håkon İpek João Łukasz Örjan Siân Žana Ana Ben Priya Tomás Uxía".split()
LAST = "Muñoz O'Brien Smith-Jones Öztürk Nguyễn Ibáñez Đặng Søndergård Ó'Néill Brown".split()
HELP = ["Gardening", "Lift to the hospital", "Help with a form, two letters and a phone call", 'Fixed the "famous" gate',
        "Shopping\nand carrying it upstairs", "Guitar lesson; first steps", "  blanks around  ", "Bread — and soup", ""]
HUNDREDTHS = [17, 33, 66, 85, 117]


class Bank:
    """The rows of one bank."""

    def __init__(self, seed, members, exchanges):
        rng = random.Random(seed)
        self.users = []
        for number in range(1, members + 1):
            joined = datetime.date(2016, 1, 4) + datetime.timedelta(days=rng.randrange(700))
            born = datetime.date(1930, 1, 1) + datetime.timedelta(days=rng.randrange(25_000))
            self.users.append([number, joined, rng.choice(FIRST), rng.choice(LAST), rng.choice([*LAST, ""]), rng.randint(1, 4), born,
                               f"6{rng.randrange(10**8):08d}", "", f"member{number}@example.org"])
        self.transfers = []
        self.balances = dict.fromkeys(range(members + 1), 0)
        moment = datetime.datetime(2018, 1, 8, 9, 0)
        for _ in range(exchanges):
            giver, receiver = rng.sample(range(members + 1), 2)
            seconds = rng.choice(HUNDREDTHS) * 36 if rng.random() < 0.2 else rng.randint(1, 48) * 900
            moment += datetime.timedelta(seconds=rng.randrange(60, 9_000))
            self.transfers.append([*_party(receiver), *_party(giver), seconds, moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
                                   rng.choice(HELP), ""])
            self.balances[giver] += seconds
            self.balances[receiver] -= seconds
        # The same row twice is two exchanges.
        if self.transfers:
            twin = self.transfers[0]
            self.transfers.insert(1, list(twin))
            self.balances[int(twin[2]) if twin[3] == "member" else 0] += twin[4]
            self.balances[int(twin[0]) if twin[1] == "member" else 0] -= twin[4]

    def write(self, folder):
        """Writes users.csv and transfers.csv; returns their paths."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return [write_rows(folder / "users.csv", self.users), write_rows(folder / "transfers.csv", self.transfers)]


def _party(number):
    return ("1", "organization") if number == 0 else (str(number), "member")


def write_rows(path, rows):
    """Writes rows as TimeOverflow does: no header, quotes where they are needed. Returns the path."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return str(path)
