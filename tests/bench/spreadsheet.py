"""A bank as its broker has kept it in a spreadsheet: members.csv and hours.csv, the same for the same numbers."""
import datetime
import random

SEED = 7
FIRST_DAY = datetime.date(2021, 1, 1)
DAYS = 1_000
WORDS = "gardening lift doctor painting fence sewing curtains Spanish lesson computer help shopping walk cooking".split()


def write(folder, rows, members):
    """`rows` exchanges of `members` members, spread over a thousand days; notes of 20 to 50 characters."""
    draw = random.Random(SEED)
    folder.mkdir()
    with (folder / "members.csv").open("w", encoding="utf-8") as file:
        file.write("Number,Name,Email,Joined\n")
        file.writelines(f"{number},Member {number},m{number}@example.org,{FIRST_DAY}\n" for number in range(1, members + 1))
    with (folder / "hours.csv").open("w", encoding="utf-8") as file:
        file.write("Date,Given by,Received by,Hours,What\n")
        for row in range(rows):
            day = FIRST_DAY + datetime.timedelta(days=row * DAYS // rows)
            giver = draw.randint(1, members)
            receiver = (giver + draw.randint(0, members - 2)) % members + 1
            file.write(f"{day},{giver},{receiver},{draw.randint(1, 20) / 4},{' '.join(draw.choices(WORDS, k=5))}\n")
