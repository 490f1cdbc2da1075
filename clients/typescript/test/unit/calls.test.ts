// Every call sends what the contract asks for and reads what it promises.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnexpectedAnswerError } from '../../src/index.js';
import type { HistoryRow, QismaClient } from '../../src/index.js';
import { stub } from './stub.js';

const ID = 'FoPKKHqfQIKfBqhEj8M47A';
const PAYMENT = {
  amount: 10_000,
  success_link: 'https://shop.example/thanks',
  fail_link: 'https://shop.example/sorry',
};

test('a payment is asked for with its split', async (context) => {
  const { client, asked } = await stub(context, ['generate_payment']);
  const destination = [{ amount: 8_000, destination: '1234' }];
  const created = await client.generatePayment({ ...PAYMENT, destination, accept_card: true });
  assert.deepEqual(created, {
    payment_id: ID,
    link: `https://pay.example/pay/${ID}`,
    developer_tracking_id: 'order-42',
    status: undefined,
  });
  assert.equal(asked[0]?.method, 'POST');
  assert.equal(asked[0]?.path, '/api/v2/generate_payment');
  assert.deepEqual(asked[0]?.body, { ...PAYMENT, destination, accept_card: true });
  assert.equal(asked[0]?.headers.authorization, 'Bearer public:private');
});

test('a hold and a saved card are asked for by their fields', async (context) => {
  const { client, asked } = await stub(context, ['generate_payment']);
  const fields = { pre_authorization: true, client_id: 'amira@example.com', binding_id: 'b', cvc: '748' };
  await client.generatePayment({ ...PAYMENT, ...fields });
  assert.deepEqual(asked[0]?.body, { ...PAYMENT, ...fields });
});

test('a saved card that was charged says so', async (context) => {
  const { client } = await stub(context, ['generate_payment_with_binding']);
  const fields = { client_id: 'amira@example.com', binding_id: 'b', cvc: '748' };
  assert.equal((await client.generatePayment({ ...PAYMENT, ...fields })).status, 'SUCCESS');
});

test('a payment is read', async (context) => {
  const { client, asked } = await stub(context, ['verify_payment']);
  const payment = await client.verifyPayment(ID);
  assert.equal(payment.payment_id, ID);
  assert.equal(payment.amount, 1_250);
  assert.equal(payment.status, 'SUCCESS');
  assert.equal(payment.settlement_status, 'PROCESSING');
  assert.deepEqual(payment.details.destinations, [{ amount: 1_000, destination: '1234' }]);
  assert.equal(asked[0]?.path, `/api/v2/verify_payment/${ID}`);
});

for (const id of ['..', 'a/../b?c', 'a\n', '']) {
  test(`the id ${JSON.stringify(id)} cannot lead to another path`, async (context) => {
    const { client, asked } = await stub(context, ['verify_payment']);
    await assert.rejects(client.verifyPayment(id), /no payment id/);
    assert.equal(asked.length, 0);
  });
}

test('a refund sends its amount and reversals, and reads digits as a number', async (context) => {
  const { client, asked } = await stub(context, ['refund_payment']);
  const reversals = [{ destination: '1234', amount: 6_000 }];
  const refund = await client.refundPayment(ID, { amount: 10_000, reversals });
  assert.equal(refund.amount, 10_000);
  assert.equal(refund.refund_id, 'ref_1');
  assert.equal(asked[0]?.path, '/api/v2/refund_payment');
  assert.deepEqual(asked[0]?.body, { payment_id: ID, amount: 10_000, reversals });
});

test('a refund of everything sends the payment alone', async (context) => {
  const { client, asked } = await stub(context, ['refund_payment']);
  await client.refundPayment(ID);
  assert.deepEqual(asked[0]?.body, { payment_id: ID });
});

test('a refund is of the payment that was named first, whatever its fields say', async (context) => {
  const { client, asked } = await stub(context, ['refund_payment']);
  const other = { payment_id: 'another', amount: 100 };
  await client.refundPayment(ID, other);
  assert.deepEqual(asked[0]?.body, { payment_id: ID, amount: 100 });
});

test('a capture is of the payment that was named first, whatever its fields say', async (context) => {
  const { client, asked } = await stub(context, ['confirm_payment']);
  const other = { payment_id: 'another', amount: 100 };
  await client.confirmPayment(ID, other);
  assert.deepEqual(asked[0]?.body, { payment_id: ID, amount: 100 });
});

// Most callers' compilers let an undefined through where a member may be absent.
const absent = undefined as unknown as never;
const forgotten: readonly [string, (client: QismaClient) => Promise<unknown>][] = [
  ['amount of a payment', (client) => client.generatePayment({ ...PAYMENT, amount: absent })],
  ['split of a payment', (client) => client.generatePayment({ ...PAYMENT, destination: absent })],
  ['amount of a refund', (client) => client.refundPayment(ID, { amount: absent })],
  ['reversals of a refund', (client) => client.refundPayment(ID, { reversals: absent })],
  ['amount of a capture', (client) => client.confirmPayment(ID, { amount: absent })],
];
for (const [name, call] of forgotten) {
  test(`an undefined ${name} is refused before anything is sent`, async (context) => {
    const { client, asked } = await stub(context, []);
    await assert.rejects(call(client), TypeError);
    assert.equal(asked.length, 0);
  });
}

test('a refund that only the acquirer knows is pending, with its shares', async (context) => {
  const { client } = await stub(context, ['refund_payment_pending']);
  const { status, refunded_at, reversals } = await client.refundPayment(ID);
  assert.deepEqual([status, refunded_at], ['pending', undefined]);
  assert.deepEqual(reversals, [
    { destination: '1234', amount: 6_000 },
    { destination: '1000', amount: 4_000 },
  ]);
});

test('a hold is confirmed whole by the payment alone', async (context) => {
  const { client, asked } = await stub(context, ['confirm_payment']);
  await client.confirmPayment(ID);
  assert.deepEqual(asked[0]?.body, { payment_id: ID });
});

test('a capture that only the acquirer knows is pending', async (context) => {
  const { client } = await stub(context, ['confirm_payment_pending']);
  const { status, confirmed_at } = await client.confirmPayment(ID);
  assert.deepEqual([status, confirmed_at], ['pending', undefined]);
});

test('a hold is confirmed in part', async (context) => {
  const { client, asked } = await stub(context, ['confirm_payment']);
  const confirmed = await client.confirmPayment(ID, { amount: 8_500 });
  assert.deepEqual([confirmed.status, confirmed.amount], ['confirmed', 8_500]);
  assert.equal(asked[0]?.path, '/api/v2/confirm_payment');
  assert.deepEqual(asked[0]?.body, { payment_id: ID, amount: 8_500 });
});

test('a hold is released', async (context) => {
  const { client, asked } = await stub(context, ['cancel_payment']);
  const canceled = await client.cancelPayment(ID);
  assert.deepEqual([canceled.status, canceled.cancelled_at], ['cancelled', '2025-01-15T10:30:00Z']);
  assert.equal(asked[0]?.path, '/api/v2/cancel_payment');
  assert.deepEqual(asked[0]?.body, { payment_id: ID });
});

test('bindings are listed', async (context) => {
  const { client, asked } = await stub(context, ['bindings_list']);
  const [binding] = await client.listBindings('amira@example.com');
  assert.equal(binding?.card_last_four, '4012');
  assert.equal(asked[0]?.path, '/api/v2/bindings/list');
  assert.deepEqual(asked[0]?.query, { client_id: 'amira@example.com' });
});

test('a binding whose time nobody knows is listed', async (context) => {
  const { client } = await stub(context, ['bindings_list_without_a_time']);
  const [binding] = await client.listBindings('amira@example.com');
  assert.equal(binding?.created_at, undefined);
});

test('a binding is given up', async (context) => {
  const { client, asked } = await stub(context, ['bindings_revoke']);
  const { status } = await client.revokeBinding('amira@example.com', 'b');
  assert.equal(status, 'revoked');
  assert.deepEqual([asked[0]?.method, asked[0]?.path], ['POST', '/api/v2/bindings/revoke']);
  assert.deepEqual(asked[0]?.body, { client_id: 'amira@example.com', binding_id: 'b' });
});

test('the history goes on from page to page, and never to another host', async (context) => {
  const { client, asked } = await stub(context, ['history_first_page', 'history_last_page']);
  const rows: HistoryRow[] = [];
  const filter = { type: 'online', operation_status: 'S', limit: 2 } as const;
  for await (const row of client.history(filter)) rows.push(row);
  assert.deepEqual(rows.map((row) => row.amount), [1_250, 700, 300]);
  assert.equal(asked[0]?.path, '/api/developers/history');
  assert.deepEqual(asked[0]?.query, { type: 'online', operation_status: 'S', limit: '2' });
  assert.deepEqual(asked[1]?.query, { type: 'online', cursor: 'a+b=' });
});

test('an empty page that leads on is not the end of the history', async (context) => {
  const { client, asked } = await stub(context, ['history_empty_page', 'history_last_page']);
  const { value } = await client.history({ type: 'online' }).next();
  assert.equal(value?.amount, 300);
  assert.deepEqual(asked[1]?.query, { type: 'online', cursor: 'c' });
});

test('a next page without a query is not taken for the history that was asked for', async (context) => {
  const { client, asked } = await stub(context, ['history_next_without_query']);
  await assert.rejects(client.history({ type: 'online' }).next(), UnexpectedAnswerError);
  assert.equal(asked.length, 1);
});

test('a page that nobody needs is not asked for', async (context) => {
  const { client, asked } = await stub(context, ['history_first_page']);
  for await (const row of client.history({ type: 'online' })) {
    assert.equal(row.payment_id, ID);
    break;
  }
  assert.equal(asked.length, 1);
});

test('a terminal is sent an amount', async (context) => {
  const { client, asked } = await stub(context, ['init_pos_transaction']);
  const transaction = {
    id_terminal: 'testing1234',
    serial_number: 's',
    amount_in_millimes: 1_000,
    payment_method: 'CARD',
    developer_tracking_id: 'order-42',
  } as const;
  const started = await client.initPosTransaction(transaction);
  assert.deepEqual(started, { terminal_id: 'testing1234', transaction_id: undefined });
  assert.equal(asked[0]?.path, '/api/transactions/init_pos_transaction');
  assert.deepEqual(asked[0]?.body, transaction);
});

test("a terminal's transaction has an id without a name of the caller's", async (context) => {
  const names = ['init_pos_transaction_with_its_id', 'get_pos_transaction_status_without_a_name'];
  const { client } = await stub(context, names);
  const started = await client.initPosTransaction({
    id_terminal: 'testing1234',
    serial_number: 's',
    amount_in_millimes: 1_000,
    payment_method: 'NFC',
  });
  const id = started.transaction_id ?? '';
  assert.deepEqual(await client.posTransactions({ flouci_transaction_id: id }), [
    { developer_tracking_id: undefined, payment_status: 'P', transaction_id: id },
  ]);
});

test('transactions of a terminal are found by either id', async (context) => {
  const name = 'get_pos_transaction_status';
  const { client, asked } = await stub(context, [name, name]);
  const [found] = await client.posTransactions({ developer_tracking_id: 'order-42' });
  await client.posTransactions({ flouci_transaction_id: 'uuid' });
  assert.equal(found?.payment_status, 'PS');
  assert.equal(asked[0]?.path, '/api/transactions/get_pos_transaction_status');
  assert.deepEqual(asked.map(({ query }) => query), [
    { developer_tracking_id: 'order-42' },
    { flouci_transaction_id: 'uuid' },
  ]);
});

test('a QR code is drawn with the API key, for an operation that the client names', async (context) => {
  const { client, asked } = await stub(context, ['generate_custom_qr_code']);
  const code = await client.generateQrCode({ amount_in_millimes: 1_000, merchant_id: '1234' });
  assert.equal(code.qr_code, 'iVBORw0KGgo=');
  assert.equal(asked[0]?.path, '/api/business/generate_custom_qr_code');
  assert.equal(asked[0]?.headers.authorization, 'Api-Key api-key');
  assert.equal(asked[0]?.query['amount_in_millimes'], '1000');
  assert.match(asked[0]?.query['operation_uuid'] ?? '', /^[0-9a-f-]{36}$/);
});

test('a QR operation is named also where the caller gives undefined', async (context) => {
  const { client, asked } = await stub(context, ['generate_custom_qr_code']);
  await client.generateQrCode({ amount_in_millimes: 1_000, merchant_id: '1234', operation_uuid: absent });
  assert.match(asked[0]?.query['operation_uuid'] ?? '', /^[0-9a-f-]{36}$/);
});

test('the status of a QR operation is read with the API key', async (context) => {
  const { client, asked } = await stub(context, ['custom_transaction_status']);
  const transaction = await client.qrTransactionStatus('uuid');
  assert.deepEqual([transaction.status, transaction.payment_id], ['SUCCESS', ID]);
  assert.equal(asked[0]?.path, '/api/business/custom_transaction/status');
  assert.deepEqual(asked[0]?.query, { operation_uuid: 'uuid' });
  assert.equal(asked[0]?.headers.authorization, 'Api-Key api-key');
});

test('payments by QR code are listed from page to page with the API key', async (context) => {
  const page = 'custom_transaction_history';
  const { client, asked } = await stub(context, [`${page}_first_page`, `${page}_last_page`]);
  const amounts: number[] = [];
  const filter = { start_date: '2026-11-01', limit: 1 };
  for await (const row of client.qrHistory(filter)) amounts.push(row.amount_in_millimes);
  assert.deepEqual(amounts, [1_000, 700]);
  assert.equal(asked[1]?.path, '/api/business/custom_transaction/history');
  assert.deepEqual(asked.map(({ query }) => query), [
    { start_date: '2026-11-01', limit: '1' },
    { limit: '1', before: '1.AZPKKHqfQIKfBqhEj8M47B' },
  ]);
  assert.equal(asked[1]?.headers.authorization, 'Api-Key api-key');
});

test('a lost answer is asked for by its key, whatever that holds', async (context) => {
  const { client, asked } = await stub(context, ['refund_payment']);
  const answer = await client.lostAnswer('a/b?c%2F', { payment_id: ID });
  assert.equal(answer['status'], 'success');
  assert.deepEqual([asked[0]?.method, asked[0]?.path], ['GET', '/api/idempotency/a%2Fb%3Fc%252F']);
  assert.deepEqual(asked[0]?.query, { payment_id: ID });
  assert.equal(asked[0]?.headers['idempotency-key'], undefined);
});

for (const key of ['.', '..', 'a b', '']) {
  test(`a lost answer is not asked for by the key ${JSON.stringify(key)}`, async (context) => {
    const { client, asked } = await stub(context, []);
    await assert.rejects(client.lostAnswer(key), /idempotency key/);
    assert.equal(asked.length, 0);
  });
}

for (const amount of [10.5, Number.NaN, 2 ** 53, '1000' as unknown as number]) {
  test(`the amount ${JSON.stringify(amount)} is refused before anything is sent`, async (context) => {
    const { client, asked } = await stub(context, []);
    await assert.rejects(client.generatePayment({ ...PAYMENT, amount }), TypeError);
    const destination = [{ amount, destination: '1234' }];
    await assert.rejects(client.generatePayment({ ...PAYMENT, destination }), /destination\[0\]/);
    await assert.rejects(client.refundPayment(ID, { amount }), TypeError);
    assert.equal(asked.length, 0);
  });
}

test('a key with a line break is refused', async (context) => {
  await assert.rejects(stub(context, [], { privateKey: 'a\r\nX: y' }), /privateKey is not a key/);
});

test('a client shows no key', async (context) => {
  const { client } = await stub(context, []);
  const { inspect } = await import('node:util');
  assert.doesNotMatch(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client), /private|api-key/);
});
