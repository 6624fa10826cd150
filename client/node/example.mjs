#!/usr/bin/env node
// Records and queries credits from Node.
//
//     client/node/example.mjs [--server 127.0.0.1:7400] [--bank demo-node]
//
// Makes a trial bank with two members where there is none yet, records one exchange, sends it a second time as an app
// does that lost the answer, reads balances and a statement, and follows the feed. Running it again records another
// exchange. Exit status: 0 when everything was as it should be. What stands between `snippet` and `end of snippet` also
// stands in proto/README.md.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const TIMEOUT_MS = 10_000;

// The messages and stubs are generated from the protos when the program starts. 64-bit numbers come as strings, which
// BigInt() reads: a JavaScript number is floating point, and no amount may ever be one.
const protos = fileURLToPath(new URL("../../proto", import.meta.url));
const { v1 } = grpc.loadPackageDefinition(
  protoLoader.loadSync(["timebank/v1/ledger_service.proto"], {
    includeDirs: [protos],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  }),
).timebank;

const PAUSES_MS = [100, 500, 2_000];

// Who is calling. A partner that has a member at the keyboard adds `timebank-member`.
const metadata = new grpc.Metadata();
metadata.set("timebank-caller", "node-example");

// snippet: call
// Makes a call, and again while the server is away. The request_id in a change makes that safe: it is done once.
async function call(stub, method, request) {
  for (const pauseMs of [...PAUSES_MS, null]) {
    try {
      return await new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + TIMEOUT_MS };
        stub[method](request, metadata, options, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    } catch (error) {
      if (error.code !== grpc.status.UNAVAILABLE || pauseMs === null) throw error;
      await sleep(pauseMs);
    }
  }
}

// The stable reason of an error, part of the contract; the error's text is for people and may change.
const reason = (error) => error.metadata?.get("timebank-reason")[0] ?? "";
// end of snippet

// Creates something unless it is there already.
async function make(stub, method, request) {
  try {
    await call(stub, method, request);
  } catch (error) {
    if (error.code !== grpc.status.ALREADY_EXISTS) throw error;
  }
}

function expect(condition, what) {
  if (!condition) throw new Error(`Not as it should be: ${what}`);
}

// 5400 -> 1h30.
function hours(text) {
  const seconds = BigInt(text);
  const size = seconds < 0n ? -seconds : seconds;
  const two = (number) => String(number).padStart(2, "0");
  const rest = size % 60n ? `m${two(size % 60n)}s` : "";
  return `${seconds < 0n ? "-" : ""}${size / 3600n}h${two((size % 3600n) / 60n)}${rest}`;
}

async function run(server, bankId) {
  const credentials = grpc.credentials.createInsecure();
  const banks = new v1.TimebankService(server, credentials);
  const members = new v1.MemberService(server, credentials);
  const ledger = new v1.LedgerService(server, credentials);

  const bank = `timebanks/${bankId}`;
  const [ana, ben] = [`${bank}/members/ana`, `${bank}/members/ben`];
  await make(banks, "CreateTimebank", {
    timebank_id: bankId,
    timebank: { display_name: "Trying out Node", trial: true },
    request_id: randomUUID(),
  });
  for (const [member_id, display_name] of [["ana", "Ana"], ["ben", "Ben"]]) {
    await make(members, "CreateMember", { parent: bank, member_id, member: { display_name }, request_id: randomUUID() });
  }

  const balances = async () => {
    const answer = await call(ledger, "BatchGetBalances", { parent: bank, names: [ana, ben] });
    return [answer.balances.map((balance) => BigInt(balance.seconds)), answer.position];
  };
  const [before, position] = await balances();

  // snippet: record
  // Three fields are enough: who gave, who received, how long. The request_id makes it safe to send it again.
  const request = {
    parent: bank,
    exchange: { givers: [{ holder: ana }], receivers: [{ holder: ben }], seconds: "5400", note: "Company on a walk" },
    request_id: randomUUID(),
  };
  const recorded = await call(ledger, "RecordExchange", request);
  console.log(`Recorded ${recorded.exchange.name}: Ana helped Ben for ${hours(recorded.exchange.seconds)}`);
  for (const movement of recorded.exchange.movements) {
    console.log(`  ${movement.holder}  ${hours(movement.seconds)}, now ${hours(movement.balance_after_seconds)}`);
  }
  // end of snippet
  expect(!recorded.replayed, "the first call is a replay");

  // snippet: again
  const again = await call(ledger, "RecordExchange", request);
  console.log(`Sent again with the same request_id: ${again.exchange.name}, replayed: ${again.replayed}`);
  // end of snippet
  expect(again.replayed && again.exchange.name === recorded.exchange.name, "the second call was not a replay of the first");

  const [after] = await balances();
  console.log(`Balances: Ana ${hours(after[0])}, Ben ${hours(after[1])}`);
  expect(after[0] === before[0] + 5400n && after[1] === before[1] - 5400n, `balances ${before} became ${after}`);

  // snippet: statement
  const statement = await call(ledger, "ListStatementLines", { parent: ana, page_size: 5 });
  console.log("Ana's statement, newest first:");
  for (const line of statement.lines) {
    const amounts = `${hours(line.seconds).padStart(6)}  ${hours(line.balance_after_seconds).padStart(6)}`;
    console.log(`  ${line.occurred_on}  ${amounts}  ${line.counterpart_display_names.join(", ")}`);
  }
  // end of snippet
  const mine = statement.lines.filter((line) => line.exchange === recorded.exchange.name);
  expect(mine.length === 1 && mine[0].seconds === "5400", "the exchange does not stand on Ana's statement once");
  expect(BigInt(statement.closing_balance_seconds) === after[0], "the statement does not end in the balance");

  // snippet: feed
  // Everything since `position`, then whatever happens: in order, nothing left out. A program that goes on for ever
  // keeps message.position together with what it did about the events, and begins there the next time.
  const options = { deadline: Date.now() + TIMEOUT_MS };
  const watch = ledger.WatchLedger({ parent: bank, after_position: position }, metadata, options);
  for await (const message of watch) {
    for (const event of message.events) console.log(`Event ${event.sequence}: ${event.event}`);
    if (message.events.some((event) => event.sequence === recorded.exchange.sequence)) break;
  }
  // end of snippet

  // What a refusal looks like: nobody can help themselves.
  // snippet: refusal
  const self = { givers: [{ holder: ana }], receivers: [{ holder: ana }], seconds: "3600" };
  const refusal = await call(ledger, "RecordExchange", { parent: bank, exchange: self, request_id: randomUUID() }).then(
    () => ({ details: "Ana could help herself" }),
    (error) => error,
  );
  console.log(`Refused, as it should be: ${grpc.status[refusal.code]} ${reason(refusal)}: ${refusal.details}`);
  // end of snippet
  expect(refusal.code === grpc.status.INVALID_ARGUMENT && reason(refusal) === "VALIDATION", "refused for another reason");
}

const { values } = parseArgs({
  options: {
    server: { type: "string", default: process.env.TIMEBANK_SERVER ?? "127.0.0.1:7400" },
    bank: { type: "string", default: "demo-node" },
  },
});
try {
  await run(values.server, values.bank);
  // Open connections would keep the program alive.
  process.exit(0);
} catch (error) {
  console.error(error.code === undefined ? error.message : `${grpc.status[error.code]} ${reason(error)}: ${error.details}`);
  process.exit(1);
}
