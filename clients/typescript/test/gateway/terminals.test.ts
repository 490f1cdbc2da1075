// Against a running gateway: payments at a terminal.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { HistoryRow, SendOptions, StartedPosTransaction } from '../../src/index.js';
import { clientOf, demo } from './demo.js';
import { LIMIT, refused } from './orders.js';
import { pressAtTerminal } from './payer.js';

const client = clientOf(demo.get);

function started(name: string, options?: SendOptions): Promise<StartedPosTransaction> {
  const transaction = {
    // A terminal of its own, so that nobody else's payment waits there; the history wants 16 characters.
    id_terminal: `till-${name}`.slice(0, 16),
    serial_number: 'SN-0001',
    amount_in_millimes: 2_000,
    payment_method: 'CARD',
    developer_tracking_id: name,
  } as const;
  return client.initPosTransaction(transaction, options);
}

async function statusOf({ transaction_id }: StartedPosTransaction): Promise<string | undefined> {
  const found = await client.posTransactions({ flouci_transaction_id: transaction_id ?? '' });
  return found[0]?.payment_status;
}

for (const [button, wanted] of [['pay', 'PS'], ['decline', 'PF']] as const) {
  test(`what happens at the terminal is told: ${button}`, LIMIT, async () => {
    const transaction = await started(randomUUID());
    assert.equal(await statusOf(transaction), 'P');
    await pressAtTerminal('1000', transaction.terminal_id, button);
    assert.equal(await statusOf(transaction), wanted);
  });
}

test("a transaction is found by the caller's own reference", LIMIT, async () => {
  const name = randomUUID();
  const { transaction_id } = await started(name);
  const [found] = await client.posTransactions({ developer_tracking_id: name });
  assert.deepEqual([found?.developer_tracking_id, found?.transaction_id], [name, transaction_id]);
});

test('payments at a terminal are listed by it', LIMIT, async () => {
  const name = randomUUID();
  const { terminal_id } = await started(name);
  const rows: HistoryRow[] = [];
  for await (const row of client.history({ type: 'pos', terminal_id })) rows.push(row);
  const told = rows.map((row) => [row.type, row.amount, row.developer_tracking_id]);
  assert.deepEqual(told, [['pos', 2_000, name]]);
});

test('the same key asks the terminal once', LIMIT, async () => {
  const [name, options] = [randomUUID(), { idempotencyKey: randomUUID() }];
  assert.deepEqual(await started(name, options), await started(name, options));
  assert.equal((await client.posTransactions({ developer_tracking_id: name })).length, 1);
});

test('an unknown transaction is not found', LIMIT, async () => {
  const error = await refused(client.posTransactions({ developer_tracking_id: randomUUID() }));
  assert.deepEqual([error.status, error.code], [404, 'transaction_not_found']);
});
