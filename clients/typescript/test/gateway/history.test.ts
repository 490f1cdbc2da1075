// Against a running gateway: payments are found again, page by page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryFilter, HistoryRow } from '../../src/index.js';
import { clientOf, demo } from './demo.js';
import { LIMIT, PAYMENT, paid, refused } from './orders.js';

const client = clientOf(demo.get);
const A_DAY_LONG_AGO = '2020-01-01';

/** The ids of new payments, the newest first. */
async function asked(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.unshift((await client.generatePayment(PAYMENT)).payment_id);
  return ids;
}

/** The rows of these payments, in the order in which they come. */
async function of(ids: readonly string[], filter: Partial<HistoryFilter> = {}): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for await (const row of client.history({ type: 'online', ...filter })) {
    if (ids.includes(row.payment_id)) rows.push(row);
  }
  return rows;
}

function idsOf(rows: readonly HistoryRow[]): readonly string[] {
  return rows.map(({ payment_id }) => payment_id);
}

test('payments are listed from the newest, over several pages', LIMIT, async () => {
  const ids = await asked(3);
  assert.deepEqual(idsOf(await of(ids, { limit: 2 })), ids);
});

test('a row says how its payment stands', LIMIT, async () => {
  const [row] = await of(await asked(1));
  assert.deepEqual([row?.type, row?.amount, row?.status], ['online', 10_000, 'PENDING']);
  assert.equal(row?.settlement_status, 'NOT_APPLICABLE');
  assert.equal(row?.developer_tracking_id, PAYMENT.developer_tracking_id);
  const legs = row?.destinations?.map(({ amount, destination }) => ({ amount, destination }));
  assert.deepEqual(legs, PAYMENT.destination);
});

test('paid payments are told from open ones', LIMIT, async () => {
  const open = await asked(1);
  const done = [await paid(client, demo.phones[6])];
  const wanted = { P: open, S: done, AS: done, PF: [] };
  for (const [operation_status, ids] of Object.entries(wanted)) {
    assert.deepEqual(idsOf(await of([...open, ...done], { operation_status })), ids, operation_status);
  }
});

test('payments are those of the app that is named', LIMIT, async () => {
  const ids = await asked(1);
  assert.equal((await of(ids, { app_token: demo.get.public_key })).length, 1);
  assert.equal((await of(ids, { app_token: demo.post.public_key })).length, 0);
});

test('payments are those of the days that are named', LIMIT, async () => {
  const ids = await asked(1);
  assert.equal((await of(ids, { start_date: A_DAY_LONG_AGO })).length, 1);
  const before = client.history({ type: 'online', end_date: A_DAY_LONG_AGO });
  assert.equal((await before.next()).done, true);
});

test("a terminal of online payments is refused with Flouci's number", LIMIT, async () => {
  const filter = { type: 'online', terminal_id: '0123456789abcdef' } as const;
  const error = await refused(client.history(filter).next());
  assert.deepEqual([error.status, error.code], [400, 'terminal_id_not_allowed']);
  assert.equal(error.flouciCode, 1004);
});

test('mistakes of a filter are reported all at once', LIMIT, async () => {
  const wrong = { merchant_id: '1234', start_date: 'soon', operation_status: 'X', limit: 101 };
  const error = await refused(client.history({ type: 'online', ...wrong }).next());
  assert.deepEqual([error.status, error.code], [400, 'request_invalid']);
  assert.deepEqual(error.mistakes.map(({ field }) => field).sort(), Object.keys(wrong).sort());
});
