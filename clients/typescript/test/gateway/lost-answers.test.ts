// Against a running gateway: what was answered is told again.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { clientOf, demo } from './demo.js';
import { LIMIT, PAYMENT, paid, refused } from './orders.js';

const client = clientOf(demo.get);

test('the answer of a payment that was asked for is told again', LIMIT, async () => {
  const idempotencyKey = `order/${randomUUID()}?a=%2F`;
  const { payment_id, link } = await client.generatePayment(PAYMENT, { idempotencyKey });
  const { result } = await client.lostAnswer(idempotencyKey);
  const wanted = { success: true, payment_id, link, developer_tracking_id: PAYMENT.developer_tracking_id };
  assert.deepEqual(result, wanted);
});

test('the answer of a refund is told again, for its payment only', LIMIT, async () => {
  const payment_id = await paid(client, demo.phones[11]);
  const idempotencyKey = randomUUID();
  const { refund_id } = await client.refundPayment(payment_id, { amount: 4_000 }, { idempotencyKey });
  const { result } = await client.lostAnswer(idempotencyKey, { payment_id });
  assert.deepEqual({ ...(result as object), refund_id, amount: '4000' }, result);
  const error = await refused(client.lostAnswer(idempotencyKey));
  assert.deepEqual([error.status, error.code], [404, 'idempotency_key_not_found']);
});

test('a key that was never sent has no answer', LIMIT, async () => {
  const error = await refused(client.lostAnswer(randomUUID()));
  assert.deepEqual([error.status, error.code], [404, 'idempotency_key_not_found']);
});
