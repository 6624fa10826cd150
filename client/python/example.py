#!/usr/bin/python3
"""Records and queries credits from Python.

    PYTHONPATH=GENERATED client/python/example.py [--server 127.0.0.1:7400] [--bank demo-python]

Makes a trial bank with two members where there is none yet, records one exchange, sends it a second time as an app does
that lost the answer, reads balances and a statement, and follows the feed. Running it again records another exchange. Exit
status: 0 when everything was as it should be. What stands between `snippet` and `end of snippet` also stands in
proto/README.md.
"""
import argparse
import os
import sys
import time
import uuid

import grpc

from timebank.v1 import ledger_service_pb2, ledger_service_pb2_grpc
from timebank.v1 import member_service_pb2, member_service_pb2_grpc
from timebank.v1 import timebank_service_pb2, timebank_service_pb2_grpc

TIMEOUT_SECONDS = 10
# Who is calling. A partner that has a member at the keyboard adds ("timebank-member", "ana").
METADATA = (("timebank-caller", "python-example"),)
PAUSES_SECONDS = (0.1, 0.5, 2)


# snippet: call
def call(method, request):
    """Makes a call, and again while the server is away. The request_id in a change makes that safe: it is done once."""
    for pause_seconds in (*PAUSES_SECONDS, None):
        try:
            return method(request, timeout=TIMEOUT_SECONDS, metadata=METADATA)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or pause_seconds is None:
                raise
            time.sleep(pause_seconds)


def reason(error):
    """The stable reason of an error, part of the contract; the error's text is for people and may change."""
    return dict(error.trailing_metadata() or ()).get("timebank-reason", "")
# end of snippet


def make(method, request):
    """Creates something unless it is there already."""
    try:
        call(method, request)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            raise


def expect(condition, what):
    if not condition:
        sys.exit(f"Not as it should be: {what}")


def hours(seconds):
    """5400 -> 1h30. Whole seconds only: no amount is ever a floating point number."""
    sign = "-" if seconds < 0 else ""
    whole, rest = divmod(abs(seconds), 3600)
    return f"{sign}{whole}h{rest // 60:02d}" + (f"m{rest % 60:02d}s" if rest % 60 else "")


def run(channel, bank_id):
    banks = timebank_service_pb2_grpc.TimebankServiceStub(channel)
    members = member_service_pb2_grpc.MemberServiceStub(channel)
    ledger = ledger_service_pb2_grpc.LedgerServiceStub(channel)

    bank = f"timebanks/{bank_id}"
    ana, ben = f"{bank}/members/ana", f"{bank}/members/ben"
    make(banks.CreateTimebank, timebank_service_pb2.CreateTimebankRequest(
        timebank_id=bank_id, timebank={"display_name": "Trying out Python", "trial": True}, request_id=str(uuid.uuid4())))
    for member_id, name in (("ana", "Ana"), ("ben", "Ben")):
        make(members.CreateMember, member_service_pb2.CreateMemberRequest(
            parent=bank, member_id=member_id, member={"display_name": name}, request_id=str(uuid.uuid4())))

    def balances():
        answer = call(ledger.BatchGetBalances, ledger_service_pb2.BatchGetBalancesRequest(parent=bank, names=[ana, ben]))
        return [balance.seconds for balance in answer.balances], answer.position

    before, position = balances()

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
    expect(not recorded.replayed, "the first call is a replay")

    # snippet: again
    again = call(ledger.RecordExchange, request)
    print(f"Sent again with the same request_id: {again.exchange.name}, replayed: {again.replayed}")
    # end of snippet
    expect(again.replayed and again.exchange.name == recorded.exchange.name, "the second call was not a replay of the first")

    after, _ = balances()
    print(f"Balances: Ana {hours(after[0])}, Ben {hours(after[1])}")
    expect(after == [before[0] + 5400, before[1] - 5400], f"balances {before} became {after}")

    # snippet: statement
    statement = call(ledger.ListStatementLines, ledger_service_pb2.ListStatementLinesRequest(parent=ana, page_size=5))
    print("Ana's statement, newest first:")
    for line in statement.lines:
        with_whom = ", ".join(line.counterpart_display_names)
        print(f"  {line.occurred_on}  {hours(line.seconds):>6}  {hours(line.balance_after_seconds):>6}  {with_whom}")
    # end of snippet
    mine = [line for line in statement.lines if line.exchange == recorded.exchange.name]
    expect(len(mine) == 1 and mine[0].seconds == 5400, "the exchange does not stand on Ana's statement once")
    expect(statement.closing_balance_seconds == after[0], "the statement does not end in the balance")

    # snippet: feed
    # Everything since `position`, then whatever happens: in order, nothing left out. A program that goes on for ever
    # keeps message.position together with what it did about the events, and begins there the next time.
    request = ledger_service_pb2.WatchLedgerRequest(parent=bank, after_position=position)
    watch = ledger.WatchLedger(request, timeout=TIMEOUT_SECONDS, metadata=METADATA)
    for message in watch:
        for event in message.events:
            print(f"Event {event.sequence}: {event.WhichOneof('event')}")
        if recorded.exchange.sequence in [event.sequence for event in message.events]:
            break
    watch.cancel()
    # end of snippet

    # What a refusal looks like: nobody can help themselves.
    # snippet: refusal
    try:
        call(ledger.RecordExchange, ledger_service_pb2.RecordExchangeRequest(
            parent=bank, exchange={"givers": [{"holder": ana}], "receivers": [{"holder": ana}], "seconds": 3600},
            request_id=str(uuid.uuid4())))
        sys.exit("Not as it should be: Ana could help herself")
    except grpc.RpcError as error:
        print(f"Refused, as it should be: {error.code().name} {reason(error)}: {error.details()}")
        # end of snippet
        expect(error.code() == grpc.StatusCode.INVALID_ARGUMENT and reason(error) == "VALIDATION", "refused for another reason")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("TIMEBANK_SERVER", "127.0.0.1:7400"))
    parser.add_argument("--bank", default="demo-python")
    options = parser.parse_args()
    with grpc.insecure_channel(options.server) as channel:
        try:
            run(channel, options.bank)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name} {reason(error)}: {error.details()}")


if __name__ == "__main__":
    main()
