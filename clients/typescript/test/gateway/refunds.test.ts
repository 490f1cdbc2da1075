// Against a running gateway: money goes back, once.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { clientOf, demo } from './demo.js';
import { LIMIT, PAYMENT, paid, refused } from './orders.js';

const client = clientOf(demo.get);
// The calling merchant's own share is what the split leaves.
const SHARES = [
  { destination: '1234', amount: 8_000 },
  { destination: '4321', amount: 1_500 },
  { destination: '1000', amount: 500 },
];

test('a payment is given back whole, and not twice', LIMIT, async () => {
  const id = await paid(client, demo.phones[2]);
  const refund = await client.refundPayment(id);
  assert.deepEqual([refund.payment_id, refund.amount, refund.status], [id, 10_000, 'success']);
  assert.deepEqual(refund.reversals, SHARES);
  assert.ok(refund.refunded_at);
  const payment = await client.verifyPayment(id);
  assert.deepEqual([payment.status, payment.settlement_status], ['SUCCESS', 'NOT_APPLICABLE']);
  const error = await refused(client.refundPayment(id));
  assert.deepEqual([error.status, error.code], [409, 'refund_not_allowed']);
  assert.deepEqual([error.flouciCode, error.outcomeUnknown], ['REFUND_NOT_ALLOWED', false]);
});

test('a payment is given back in parts, and no more than is left', LIMIT, async () => {
  const id = await paid(client, demo.phones[3]);
  const first = await client.refundPayment(id, { amount: 2_000 });
  assert.deepEqual([first.amount, first.status], [2_000, 'success']);
  assert.deepEqual(first.reversals, SHARES.map((share) => ({ ...share, amount: share.amount / 5 })));
  const error = await refused(client.refundPayment(id, { amount: 8_001 }));
  assert.deepEqual(error.mistakes.map(({ field }) => field), ['amount']);
  assert.equal((await client.refundPayment(id)).amount, 8_000);
  const { details } = await client.verifyPayment(id);
  const refunds = details['refunds'] as readonly { readonly status: string }[];
  assert.deepEqual(refunds.map(({ status }) => status), ['success', 'success']);
});

test('a refund is taken from the shares that are named', LIMIT, async () => {
  const id = await paid(client, demo.phones[4]);
  const reversals = [{ destination: '4321', amount: 1_000 }];
  const alone = await client.refundPayment(id, { reversals });
  assert.deepEqual([alone.amount, alone.reversals], [1_000, reversals]);
  // What the named ones leave of the amount comes from the caller's own share.
  const named = { destination: '1234', amount: 3_000 };
  const both = await client.refundPayment(id, { amount: 3_300, reversals: [named] });
  assert.deepEqual(both.reversals, [named, { destination: '1000', amount: 300 }]);
  const stranger = [{ destination: '5678', amount: 1 }];
  const error = await refused(client.refundPayment(id, { reversals: stranger }));
  assert.deepEqual([error.status, error.code], [400, 'request_invalid']);
  assert.deepEqual(error.mistakes.map(({ field }) => field), ['reversals[0].destination']);
});

test('the same key gives back once', LIMIT, async () => {
  const id = await paid(client, demo.phones[5]);
  const options = { idempotencyKey: randomUUID() };
  const first = await client.refundPayment(id, { amount: 4_000 }, options);
  assert.deepEqual(await client.refundPayment(id, { amount: 4_000 }, options), first);
  const error = await refused(client.refundPayment(id, { amount: 5_000 }, options));
  assert.deepEqual([error.status, error.code], [422, 'idempotency_key_reused']);
  assert.equal((await client.refundPayment(id)).amount, 6_000);
});

test('what nobody paid is not given back', LIMIT, async () => {
  const { payment_id } = await client.generatePayment(PAYMENT);
  const error = await refused(client.refundPayment(payment_id));
  assert.deepEqual([error.status, error.code], [409, 'refund_not_allowed']);
});

test('an unknown payment is not given back', LIMIT, async () => {
  const error = await refused(client.refundPayment('FoPKKHqfQIKfBqhEj8M47A'));
  assert.deepEqual([error.status, error.code], [404, 'payment_not_found']);
});
