#!/usr/bin/env node
// Records and queries credits from Node.
//
//     client/node/example.mjs [--server 127.0.0.1:7400] [--bank demo-node]
//
// Makes a trial bank with two members where there is none yet, then does what a partner's app does: connects, records an
// exchange, sends it a second time as an app does that lost the answer, reads balances and a statement, corrects and
// undoes, and follows the feed, with a break in between. Running it again does all of that again. Exit status: 0 when
// everything was as it should be. What stands between `snippet` and `end of snippet` also stands in proto/README.md.
import { parseArgs } from "node:util";
// snippet: load
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

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
// end of snippet

// snippet: call
const TIMEOUT_MS = 10_000;
const PAUSES_MS = [100, 500, 1_000, 2_000, 4_000];
// Who is calling. An app that has a member at the keyboard adds `timebank-member`.
const metadata = new grpc.Metadata();
metadata.set("timebank-caller", "node-example");

// Makes a call, and again where that may help. The request_id in a change makes that safe: it is done once.
async function call(stub, method, request) {
  for (const pauseMs of [...PAUSES_MS, null]) {
    try {
      return await new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + TIMEOUT_MS };
        stub[method](request, metadata, options, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    } catch (error) {
      if (pauseMs === null || !mayBeSentAgain(error)) throw error;
      await sleep(pauseMs);
    }
  }
}

// The server was away, or the answer was lost and nobody knows; or the server had too much to do, and says so.
function mayBeSentAgain(error) {
  if (error.code === grpc.status.UNAVAILABLE || error.code === grpc.status.DEADLINE_EXCEEDED) return true;
  if (error.code === grpc.status.INTERNAL && reason(error) === "") return true; // a proxy on the way lost the server
  return error.code === grpc.status.RESOURCE_EXHAUSTED && reason(error) !== "";
}

// The stable reason of an error, part of the contract; the error's text is for people and may change.
const reason = (error) => error.metadata?.get("timebank-reason")[0] ?? "";
// end of snippet

// snippet: events
// Everything that happened in the bank after `position`, then whatever happens, for ever, whatever breaks.
async function* events(ledger, bank, position) {
  while (true) {
    // The deadline is how long a connection that died can go unnoticed.
    const options = { deadline: Date.now() + 600_000 };
    const watch = ledger.WatchLedger({ parent: bank, after_position: position }, metadata, options);
    try {
      for await (const message of watch) {
        for (const event of message.events) {
          yield event;
          position = event.position;
        }
      }
    } catch (error) {
      if (!mayBeSentAgain(error)) throw error;
      await sleep(1_000);
    } finally {
      watch.cancel();
    }
  }
}
// end of snippet

// snippet: make
// Creates something unless it is there already.
async function make(stub, method, request) {
  try {
    await call(stub, method, request);
  } catch (error) {
    if (error.code !== grpc.status.ALREADY_EXISTS) throw error;
  }
}
// end of snippet

function expect(condition, what) {
  if (!condition) throw new Error(`Not as it should be: ${what}`);
}

// snippet: hours
// 5400 -> 1h30.
function hours(text) {
  const seconds = BigInt(text);
  const size = seconds < 0n ? -seconds : seconds;
  const two = (number) => String(number).padStart(2, "0");
  const rest = size % 60n ? `m${two(size % 60n)}s` : "";
  return `${seconds < 0n ? "-" : ""}${size / 3600n}h${two((size % 3600n) / 60n)}${rest}`;
}
// end of snippet

async function makeBank(server, credentials, bankId) {
  // snippet: bank
  const banks = new v1.TimebankService(server, credentials);
  const members = new v1.MemberService(server, credentials);
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
  // end of snippet
  return [bank, ana, ben];
}

// Ana helped Ben for an hour and a half; sent twice, done once.
async function record(ledger, bank, ana, ben) {
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

  // snippet: again
  const again = await call(ledger, "RecordExchange", request);
  console.log(`Sent again with the same request_id: ${again.exchange.name}, replayed: ${again.replayed}`);
  // end of snippet
  expect(again.replayed && again.exchange.name === recorded.exchange.name, "the second call was not a replay of the first");
  return recorded;
}

// The whole statement, page by page. Returns the balance that it ends in, and its lines.
async function printStatement(ledger, ana) {
  // snippet: statement
  console.log("Ana's statement, newest first:");
  const lines = [];
  let endsIn;
  let page_token = "";
  do {
    const page = await call(ledger, "ListStatementLines", { parent: ana, page_size: 3, page_token });
    for (const line of page.lines) {
      const amounts = `${hours(line.seconds).padStart(6)}  ${hours(line.balance_after_seconds).padStart(6)}`;
      console.log(`  ${line.occurred_on}  ${amounts}  ${line.counterpart_display_names.join(", ")}`);
    }
    lines.push(...page.lines);
    endsIn ??= page.closing_balance_seconds; // of the newest page
    page_token = page.next_page_token;
  } while (page_token);
  // end of snippet
  return { endsIn: BigInt(endsIn), lines };
}

// It was an hour only; and then it had not happened at all.
async function mend(ledger, recorded) {
  // snippet: correct
  // Nothing is rewritten: the first entry is undone by an opposite one, and another stands instead.
  const corrected = await call(ledger, "CorrectExchange", {
    name: recorded.exchange.name,
    exchange: { seconds: "3600" },
    update_mask: { paths: ["seconds"] },
    reason: "it was an hour",
    request_id: randomUUID(),
  });
  console.log(`Undone by ${corrected.reversal.name}; ${corrected.exchange.name} stands instead`);

  const undone = await call(ledger, "ReverseExchange", {
    name: corrected.exchange.name,
    reason: "it was another Ben",
    request_id: randomUUID(),
  });
  console.log(`${undone.reversed.name} was undone by ${undone.exchange.name}`);
  // end of snippet
  expect(corrected.exchange.corrects === recorded.exchange.name, "the correction names another exchange");
  return undone;
}

// Reads the feed up to what was recorded, and, after a break, up to where it was undone.
async function follow(ledger, bank, position, recorded, undone) {
  // snippet: feed
  const seen = [];
  for await (const event of events(ledger, bank, position)) {
    console.log(`Event ${event.sequence}: ${event.event}`);
    seen.push(BigInt(event.sequence));
    position = event.position; // keep it together with what you did about the event, in one transaction
    if (event.sequence === recorded.exchange.sequence) break;
  }

  // The app was away. It goes on from the position that it kept, and has missed nothing.
  for await (const event of events(ledger, bank, position)) {
    console.log(`Event ${event.sequence}: ${event.event}`);
    seen.push(BigInt(event.sequence));
    if (event.sequence === undone.exchange.sequence) break;
  }
  // end of snippet
  expect(seen.every((sequence, i) => sequence === seen[0] + BigInt(i)), `the feed told ${seen}`);
}

// What a refusal looks like: nobody can help themselves.
async function beRefused(ledger, bank, ana) {
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

async function run(server, bankId) {
  // snippet: connect
  // Nothing is encrypted: the server listens on its own machine only. One stub does for a whole program.
  const credentials = grpc.credentials.createInsecure();
  const ledger = new v1.LedgerService(server, credentials);
  // end of snippet
  const [bank, ana, ben] = await makeBank(server, credentials, bankId);

  // snippet: balance
  const before = await call(ledger, "GetBalance", { name: ana });
  console.log(
    `Ana is at ${hours(before.balance.seconds)}: ${hours(before.balance.seconds_in)} in, ` +
      `${hours(before.balance.seconds_out)} out, ${before.balance.exchange_count} exchanges`,
  );
  let position = before.position; // of the ledger at that moment
  // end of snippet
  const start = BigInt(before.balance.seconds);
  const balance = async () => BigInt((await call(ledger, "GetBalance", { name: ana })).balance.seconds);

  const recorded = await record(ledger, bank, ana, ben);
  expect((await balance()) === start + 5400n, `Ana's balance went from ${start} to ${await balance()}`);

  const { endsIn, lines } = await printStatement(ledger, ana);
  const mine = lines.filter((line) => line.exchange === recorded.exchange.name);
  expect(mine.length === 1 && mine[0].seconds === "5400", "the exchange does not stand on Ana's statement once");
  expect(endsIn === start + 5400n, "the statement does not end in the balance");

  const undone = await mend(ledger, recorded);
  expect((await balance()) === start, `undone, Ana's balance is ${await balance()} and not ${start}`);

  await follow(ledger, bank, position, recorded, undone);
  await beRefused(ledger, bank, ana);
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
