#!/usr/bin/python3
"""Records and queries credits from Python.

    PYTHONPATH=GENERATED client/python/example.py [--server 127.0.0.1:7400] [--bank demo-python]

Makes a trial bank with two members where there is none yet, then does what a partner's app does: connects, records an
exchange, sends it a second time as an app does that lost the answer, reads balances and a statement, corrects and undoes,
and follows the feed, with a break in between. Running it again does all of that again. Exit status: 0 when everything was
as it should be. What stands between `snippet` and `end of snippet` also stands in proto/README.md.
"""
import argparse
import os
# snippet: imports
import sys
import time
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2

from timebank.v1 import ledger_service_pb2, ledger_service_pb2_grpc
from timebank.v1 import member_service_pb2, member_service_pb2_grpc
from timebank.v1 import timebank_service_pb2, timebank_service_pb2_grpc
# end of snippet

# snippet: call
TIMEOUT_SECONDS = 10
PAUSES_SECONDS = (0.1, 0.5, 1, 2, 4)
# Who is calling. An app that has a member at the keyboard adds ("timebank-member", "ana").
METADATA = (("timebank-caller", "python-example"),)


def call(method, request):
    """Makes a call, and again where that may help. The request_id in a change makes that safe: it is done once."""
    for pause_seconds in (*PAUSES_SECONDS, None):
        try:
            return method(request, timeout=TIMEOUT_SECONDS, metadata=METADATA)
        except grpc.RpcError as error:
            if pause_seconds is None or not may_be_sent_again(error):
                raise
            time.sleep(pause_seconds)


def may_be_sent_again(error):
    """The server was away, or the answer was lost and nobody knows; or the server had too much to do, and says so."""
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return True
    if error.code() == grpc.StatusCode.INTERNAL and reason(error) == "":  # a proxy on the way lost the server
        return True
    return error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and reason(error) != ""


def reason(error):
    """The stable reason of an error, part of the contract; the error's text is for people and may change."""
    return dict(error.trailing_metadata() or ()).get("timebank-reason", "")
# end of snippet


# snippet: events
def events(ledger, bank, position):
    """Everything that happened in the bank after `position`, then whatever happens, for ever, whatever breaks."""
    while True:
        # The deadline is how long a connection that died can go unnoticed.
        request = ledger_service_pb2.WatchLedgerRequest(parent=bank, after_position=position)
        watch = ledger.WatchLedger(request, timeout=600, metadata=METADATA)
        try:
            for message in watch:
                for event in message.events:
                    yield event
                    position = event.position
        except grpc.RpcError as error:
            if not may_be_sent_again(error):
                raise
            time.sleep(1)
        finally:
            watch.cancel()
# end of snippet


# snippet: violations
def violations(error):
    """Which fields are not as they should be, and why: [("exchange.receivers[0].holder", "SAME_HOLDER")]."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    bad = error_details_pb2.BadRequest()
    for detail in status_pb2.Status.FromString(details).details:
        if detail.Unpack(bad):
            return [(field.field, field.reason) for field in bad.field_violations]
    return []
# end of snippet


# snippet: make
def make(method, request):
    """Creates something unless it is there already."""
    try:
        call(method, request)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            raise
# end of snippet


def expect(condition, what):
    if not condition:
        sys.exit(f"Not as it should be: {what}")


# snippet: hours
def hours(seconds):
    """5400 -> 1h30. Whole seconds only: no amount is ever a floating point number."""
    sign = "-" if seconds < 0 else ""
    whole, rest = divmod(abs(seconds), 3600)
    return f"{sign}{whole}h{rest // 60:02d}" + (f"m{rest % 60:02d}s" if rest % 60 else "")
# end of snippet


def make_bank(channel, bank_id):
    # snippet: bank
    banks = timebank_service_pb2_grpc.TimebankServiceStub(channel)
    members = member_service_pb2_grpc.MemberServiceStub(channel)
    bank = f"timebanks/{bank_id}"
    ana, ben = f"{bank}/members/ana", f"{bank}/members/ben"
    make(banks.CreateTimebank, timebank_service_pb2.CreateTimebankRequest(
        timebank_id=bank_id, timebank={"display_name": "Trying out Python", "trial": True}, request_id=str(uuid.uuid4())))
    for member_id, name in (("ana", "Ana"), ("ben", "Ben")):
        make(members.CreateMember, member_service_pb2.CreateMemberRequest(
            parent=bank, member_id=member_id, member={"display_name": name}, request_id=str(uuid.uuid4())))
    # end of snippet
    return bank, ana, ben


def record(ledger, bank, ana, ben):
    """Ana helped Ben for an hour and a half; sent twice, done once."""
    # snippet: record
    # Three fields are enough: who gave, who received, how long. The request_id makes it safe to send it again.
    request = ledger_service_pb2.RecordExchangeRequest(
        parent=bank,
        exchange={"givers": [{"holder": ana}], "receivers": [{"holder": ben}], "seconds": 5400, "note": "Company on a walk"},
        request_id=str(uuid.uuid4()))
    recorded = call(ledger.RecordExchange, request)
    print(f"Recorded {recorded.exchange.name}: Ana helped Ben for {hours(recorded.exchange.seconds)}")
    for movement in recorded.exchange.movements:
        print(f"  {movement.holder}  {hours(movement.seconds)}, now {hours(movement.balance_after_seconds)}")
    # end of snippet

    # snippet: again
    again = call(ledger.RecordExchange, request)
    print(f"Sent again with the same request_id: {again.exchange.name}, replayed: {again.replayed}")
    # end of snippet
    expect(again.replayed and again.exchange.name == recorded.exchange.name, "the second call was not a replay of the first")
    return recorded


def print_statement(ledger, ana):
    """The whole statement, page by page. Returns the balance that it ends in, and its lines by exchange."""
    # snippet: statement
    print("Ana's statement, newest first:")
    lines = {}
    request = ledger_service_pb2.ListStatementLinesRequest(parent=ana, page_size=3)
    while True:
        page = call(ledger.ListStatementLines, request)
        for line in page.lines:
            with_whom = ", ".join(line.counterpart_display_names)
            print(f"  {line.occurred_on}  {hours(line.seconds):>6}  {hours(line.balance_after_seconds):>6}  {with_whom}")
            lines[line.exchange] = line
        if not request.page_token:
            ends_in = page.closing_balance_seconds  # of the newest page
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    # end of snippet
    return ends_in, lines


def mend(ledger, recorded):
    """It was an hour only; and then it had not happened at all."""
    # snippet: correct
    # Nothing is rewritten: the first entry is undone by an opposite one, and another stands instead.
    corrected = call(ledger.CorrectExchange, ledger_service_pb2.CorrectExchangeRequest(
        name=recorded.exchange.name, exchange={"seconds": 3600}, update_mask={"paths": ["seconds"]},
        reason="it was an hour", request_id=str(uuid.uuid4())))
    print(f"Undone by {corrected.reversal.name}; {corrected.exchange.name} stands instead")

    undone = call(ledger.ReverseExchange, ledger_service_pb2.ReverseExchangeRequest(
        name=corrected.exchange.name, reason="it was another Ben", request_id=str(uuid.uuid4())))
    print(f"{undone.reversed.name} was undone by {undone.exchange.name}")
    # end of snippet
    expect(corrected.exchange.corrects == recorded.exchange.name, "the correction names another exchange")
    return undone


def follow(ledger, bank, position, recorded, undone):
    """Reads the feed up to what was recorded, and, after a break, up to where it was undone."""
    # snippet: feed
    seen = []
    for event in events(ledger, bank, position):
        print(f"Event {event.sequence}: {event.WhichOneof('event')}")
        seen.append(event.sequence)
        position = event.position  # keep it together with what you did about the event, in one transaction
        if event.sequence == recorded.exchange.sequence:
            break

    # The app was away. It goes on from the position that it kept, and has missed nothing.
    for event in events(ledger, bank, position):
        print(f"Event {event.sequence}: {event.WhichOneof('event')}")
        seen.append(event.sequence)
        if event.sequence == undone.exchange.sequence:
            break
    # end of snippet
    expect(seen == list(range(seen[0], undone.exchange.sequence + 1)), f"the feed told {seen}")


def be_refused(ledger, bank, ana):
    """What a refusal looks like: nobody can help themselves."""
    # snippet: refusal
    try:
        call(ledger.RecordExchange, ledger_service_pb2.RecordExchangeRequest(
            parent=bank, exchange={"givers": [{"holder": ana}], "receivers": [{"holder": ana}], "seconds": 3600},
            request_id=str(uuid.uuid4())))
        sys.exit("Not as it should be: Ana could help herself")
    except grpc.RpcError as error:
        print(f"Refused, as it should be: {error.code().name} {reason(error)}: {error.details()}")
        print(f"  {violations(error)}")
        # end of snippet
        expect(error.code() == grpc.StatusCode.INVALID_ARGUMENT and reason(error) == "VALIDATION", "refused for another reason")
        expect(("exchange.receivers[0].holder", "SAME_HOLDER") in violations(error), f"other fields: {violations(error)}")


def run(server, bank_id):
    # snippet: connect
    # Nothing is encrypted: the server listens on its own machine only. One channel does for a program and all its threads.
    channel = grpc.insecure_channel(server)
    ledger = ledger_service_pb2_grpc.LedgerServiceStub(channel)
    # end of snippet
    bank, ana, ben = make_bank(channel, bank_id)

    # snippet: balance
    before = call(ledger.GetBalance, ledger_service_pb2.GetBalanceRequest(name=ana))
    print(f"Ana is at {hours(before.balance.seconds)}: {hours(before.balance.seconds_in)} in, "
          f"{hours(before.balance.seconds_out)} out, {before.balance.exchange_count} exchanges")
    position = before.position  # of the ledger at that moment
    # end of snippet

    recorded = record(ledger, bank, ana, ben)
    after = call(ledger.GetBalance, ledger_service_pb2.GetBalanceRequest(name=ana)).balance.seconds
    expect(after == before.balance.seconds + 5400, f"Ana's balance went from {before.balance.seconds} to {after}")

    ends_in, lines = print_statement(ledger, ana)
    expect(lines[recorded.exchange.name].seconds == 5400, "the exchange does not stand on Ana's statement")
    expect(ends_in == after, "the statement does not end in the balance")

    undone = mend(ledger, recorded)
    after = call(ledger.GetBalance, ledger_service_pb2.GetBalanceRequest(name=ana)).balance.seconds
    expect(after == before.balance.seconds, f"undone, Ana's balance is {after} and not {before.balance.seconds}")

    follow(ledger, bank, position, recorded, undone)
    be_refused(ledger, bank, ana)
    channel.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("TIMEBANK_SERVER", "127.0.0.1:7400"))
    parser.add_argument("--bank", default="demo-python")
    options = parser.parse_args()
    try:
        run(options.server, options.bank)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name} {reason(error)}: {error.details()}")


if __name__ == "__main__":
    main()
