-- A yardstick: a plain double-entry ledger in PostgreSQL, as a careful team would write it in an afternoon. One
-- function records an exchange: it looks at the limits, keeps the balances and writes the entry and its two
-- movements with the balance after each; a request that comes again gets its first answer.
--
-- Kept fast: room in the pages of `account`, so that an update stays in its page; no index but those that reading a
-- statement and finding a request take; no foreign keys, since nothing but these functions writes; accounts locked in
-- one order, and as late as can be.
--
-- Variable: members.

CREATE TABLE account (
  id        integer PRIMARY KEY,
  balance   bigint  NOT NULL DEFAULT 0,  -- seconds
  movements bigint  NOT NULL DEFAULT 0,
  lowest    bigint  NOT NULL,
  highest   bigint  NOT NULL
) WITH (fillfactor = 40);

CREATE TABLE entry (
  id          bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  request     uuid        NOT NULL,
  part        bigint      NOT NULL DEFAULT 1,  -- one request may stand for a batch
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  note        text,
  UNIQUE (request, part)
);

CREATE TABLE movement (
  account       integer NOT NULL,
  number        bigint  NOT NULL,  -- the account's first is 1; in this order the balances follow one another
  entry         bigint  NOT NULL,
  seconds       bigint  NOT NULL,
  balance_after bigint  NOT NULL,
  PRIMARY KEY (account, number)
);

-- Account 0 is the community's pot.
INSERT INTO account (id, lowest, highest)
SELECT id, -1000000000000, 1000000000000 FROM generate_series(0, :members) AS id;

-- Returns the entry's number.
CREATE FUNCTION record_exchange(the_request uuid, giver integer, receiver integer, the_seconds bigint, the_note text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  entry_id bigint;
  given    record;
  received record;
BEGIN
  INSERT INTO entry (request, note) VALUES (the_request, the_note)
  ON CONFLICT DO NOTHING RETURNING id INTO entry_id;
  IF entry_id IS NULL THEN
    SELECT id INTO entry_id FROM entry WHERE request = the_request AND part = 1;
    RETURN entry_id;
  END IF;
  -- The lower number comes last: the pot, on which many may wait, is 0.
  IF giver > receiver THEN
    UPDATE account SET balance = balance + the_seconds, movements = movements + 1 WHERE id = giver
    RETURNING balance, movements, highest INTO given;
  END IF;
  UPDATE account SET balance = balance - the_seconds, movements = movements + 1 WHERE id = receiver
  RETURNING balance, movements, lowest INTO received;
  IF giver < receiver THEN
    UPDATE account SET balance = balance + the_seconds, movements = movements + 1 WHERE id = giver
    RETURNING balance, movements, highest INTO given;
  END IF;
  IF given.balance > given.highest OR received.balance < received.lowest THEN
    RAISE EXCEPTION 'BALANCE_LIMIT';
  END IF;
  INSERT INTO movement (account, number, entry, seconds, balance_after)
  VALUES (giver, given.movements, entry_id, the_seconds, given.balance),
         (receiver, received.movements, entry_id, -the_seconds, received.balance);
  RETURN entry_id;
END $$;

-- The same for many at once, by whole sets. Returns how many were recorded; 0: they were there already.
CREATE FUNCTION record_batch(the_request uuid, givers integer[], receivers integer[], many_seconds bigint[], notes text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  recorded bigint;
  beyond   boolean;
BEGIN
  -- What follows sees the balances as they are once these are ours.
  PERFORM 1 FROM account WHERE id = ANY (givers || receivers) ORDER BY id DESC FOR UPDATE;

  WITH item AS (
    SELECT * FROM unnest(givers, receivers, many_seconds, notes) WITH ORDINALITY AS one (giver, receiver, seconds, note, part)
  ), made AS (
    INSERT INTO entry (request, part, note) SELECT the_request, part, note FROM item
    ON CONFLICT DO NOTHING RETURNING id, part
  ), moved AS (
    SELECT giver AS account, part, seconds FROM item
    UNION ALL
    SELECT receiver, part, -seconds FROM item
  ), written AS (
    INSERT INTO movement (account, number, entry, seconds, balance_after)
    SELECT moved.account, account.movements + row_number() OVER past, made.id, moved.seconds,
           account.balance + sum(moved.seconds) OVER past
    FROM moved JOIN made USING (part) JOIN account ON account.id = moved.account
    WINDOW past AS (PARTITION BY moved.account ORDER BY moved.part)
    RETURNING account, seconds, balance_after
  ), change AS (
    SELECT account, sum(seconds) AS seconds, count(*) AS movements,
           min(balance_after) AS lowest, max(balance_after) AS highest
    FROM written GROUP BY account
  ), changed AS (
    UPDATE account SET balance = balance + change.seconds, movements = account.movements + change.movements
    FROM change WHERE id = change.account
    RETURNING change.lowest < account.lowest OR change.highest > account.highest AS beyond
  )
  SELECT (SELECT count(*) FROM made), (SELECT bool_or(changed.beyond) FROM changed) INTO recorded, beyond;
  IF beyond THEN
    RAISE EXCEPTION 'BALANCE_LIMIT';
  END IF;
  RETURN recorded;
END $$;

-- Batches that are there before the measuring begins: making them is not what is measured.
CREATE TABLE batch (number integer PRIMARY KEY, givers integer[], receivers integer[], seconds bigint[], notes text[]);
INSERT INTO batch
SELECT number, array_agg(giver), array_agg(CASE WHEN other < giver THEN other ELSE other + 1 END), array_agg(seconds),
       array_agg(note)
FROM (SELECT number, 1 + floor(random() * :members)::integer AS giver,
             1 + floor(random() * (:members - 1))::integer AS other,
             (360 * (1 + floor(random() * 40)))::bigint AS seconds,
             'Help with the garden on Tuesday ' || floor(random() * 10000) AS note
      FROM generate_series(1, 20) AS number, generate_series(1, 1000)) AS drawn
GROUP BY number;
VACUUM ANALYZE;
