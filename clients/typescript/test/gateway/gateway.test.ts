// Against a running gateway: what it offers is what the client speaks.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Webhook } from '../../src/index.js';
import { clientOf, demo } from './demo.js';
import { CARD, LIMIT, PAYMENT, paid, refused } from './orders.js';
import { payByCard } from './payer.js';
import { receiver } from './receiver.js';

test('a payment that was just asked for is pending, with its split', LIMIT, async () => {
  const client = clientOf(demo.get);
  const { payment_id, developer_tracking_id } = await client.generatePayment(PAYMENT);
  assert.equal(developer_tracking_id, PAYMENT.developer_tracking_id);
  const payment = await client.verifyPayment(payment_id);
  assert.deepEqual(payment, {
    payment_id,
    type: 'online',
    amount: 10_000,
    status: 'PENDING',
    settlement_status: 'NOT_APPLICABLE',
    developer_tracking_id: PAYMENT.developer_tracking_id,
    details: payment.details,
  });
  const legs = payment.details.destinations?.map(({ amount, destination }) => ({ amount, destination }));
  assert.deepEqual(legs, PAYMENT.destination);
});

test('the same key gives the same payment', LIMIT, async () => {
  const client = clientOf(demo.get);
  const options = { idempotencyKey: randomUUID() };
  const first = await client.generatePayment(PAYMENT, options);
  assert.deepEqual(await client.generatePayment(PAYMENT, options), first);
  const other = await refused(client.generatePayment({ ...PAYMENT, amount: 20_000 }, options));
  assert.deepEqual([other.status, other.code], [422, 'idempotency_key_reused']);
});

test('a payment is paid by wallet, and the GET webhook is genuine', LIMIT, async (context) => {
  const [client, { url, received }] = [clientOf(demo.get), await receiver(context)];
  const id = await paid(client, demo.phones[0], { webhook: url });
  const { method, query, headers, body } = await received;
  assert.deepEqual([method, query.get('payment_id'), query.get('success')], ['GET', id, 'True']);
  const { event } = await new Webhook(demo.get.webhook_secret).verify(body, headers);
  assert.equal(event, undefined);
  const payment = await client.verifyPayment(id);
  assert.deepEqual(
    [payment.status, payment.type, payment.settlement_status],
    ['SUCCESS', 'wallet', 'AVAILABLE'],
  );
});

test('a payment is paid by card, and its money is on its way', LIMIT, async () => {
  const client = clientOf(demo.get);
  const { payment_id, link } = await client.generatePayment({ ...PAYMENT, accept_card: true });
  await payByCard(link ?? '', CARD);
  const { status, type, settlement_status, details } = await client.verifyPayment(payment_id);
  assert.deepEqual([status, type, settlement_status], ['SUCCESS', 'card', 'PROCESSING']);
  assert.equal(details.pan, '450921**1119');
});

test('a POST webhook is genuine and tells what happened', LIMIT, async (context) => {
  const [client, { url, received }] = [clientOf(demo.post), await receiver(context)];
  const id = await paid(client, demo.phones[1], { webhook: url });
  const { method, headers, body } = await received;
  assert.equal(method, 'POST');
  const { event } = await new Webhook(demo.post.webhook_secret).verify(body, headers);
  assert.deepEqual([event?.payment_id, event?.status], [id, 'SUCCESS']);
  assert.equal(event?.developer_tracking_id, PAYMENT.developer_tracking_id);
});

test('an unknown payment is not found', LIMIT, async () => {
  const error = await refused(clientOf(demo.get).verifyPayment('FoPKKHqfQIKfBqhEj8M47A'));
  assert.deepEqual([error.status, error.code], [404, 'payment_not_found']);
  assert.ok(error.requestId);
});

test('wrong keys are refused', LIMIT, async () => {
  const client = clientOf({ ...demo.get, private_key: randomUUID() });
  const error = await refused(client.verifyPayment('FoPKKHqfQIKfBqhEj8M47A'));
  assert.deepEqual([error.status, error.code], [401, 'credentials_invalid']);
});

test('mistakes are reported field by field', LIMIT, async () => {
  const error = await refused(clientOf(demo.get).generatePayment({ ...PAYMENT, amount: 0, fail_link: 'x' }));
  assert.deepEqual([error.status, error.code], [400, 'request_invalid']);
  assert.deepEqual(error.mistakes.map(({ field }) => field), ['amount', 'fail_link']);
});
