// What goes wrong: errors, repetitions, time limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ApiError, CallError, ConnectionError, UnexpectedAnswerError } from '../../src/index.js';
import { stub } from './stub.js';

const PAYMENT = { amount: 10_000, success_link: 'https://a.example', fail_link: 'https://a.example' };

/** The error that this ends in. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );
}

async function apiErrorOf(work: Promise<unknown>): Promise<ApiError> {
  const error = await errorOf(work);
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

test('an error carries what the body says', async (context) => {
  const { client } = await stub(context, ['payment_not_found']);
  const error = await apiErrorOf(client.verifyPayment('x'));
  assert.equal(error.message, 'Payment not found');
  assert.deepEqual([error.status, error.code, error.flouciCode], [404, 'payment_not_found', 1]);
  assert.equal(error.requestId, 'req-1');
});

test('an invalid request lists its mistakes', async (context) => {
  const { client } = await stub(context, ['request_invalid']);
  const error = await apiErrorOf(client.generatePayment(PAYMENT));
  assert.deepEqual(error.mistakes, [
    { field: 'amount', message: 'the amount must be at least 1 millime' },
  ]);
});

test('a refused refund carries both codes', async (context) => {
  const { client } = await stub(context, ['refund_not_allowed']);
  const error = await apiErrorOf(client.refundPayment('x'));
  assert.deepEqual([error.code, error.flouciCode], ['refund_not_allowed', 'REFUND_NOT_ALLOWED']);
});

test("Flouci's short refusal is understood", async (context) => {
  const { client } = await stub(context, ['refund_not_allowed_without_result']);
  const error = await apiErrorOf(client.refundPayment('x'));
  assert.deepEqual([error.code, error.message], ['REFUND_NOT_ALLOWED', 'Payment cannot be refunded']);
});

const SAVED_CARD = { ...PAYMENT, client_id: 'a', binding_id: 'b', cvc: '748' };

test('a saved card that is declined is told apart', async (context) => {
  const { client } = await stub(context, ['charge_declined']);
  const error = await apiErrorOf(client.generatePayment(SAVED_CARD));
  assert.deepEqual([error.status, error.code], [412, 'charge_declined']);
  assert.equal(error.mistakes[0]?.message, 'was declined: insufficient_funds');
});

for (const answer of ['charge_declined', 'hang up', 'not_json', 'request_invalid']) {
  test(`no error holds a CVC after ${answer}`, async (context) => {
    const { client } = await stub(context, [answer], { retriesMax: 0 });
    // A fresh key may hold the same digits.
    const error = await errorOf(client.generatePayment(SAVED_CARD, { idempotencyKey: 'order-42' }));
    assert.ok(error instanceof CallError);
    const { stack, ...members } = error;
    assert.doesNotMatch(`${String(error)} ${inspect(members)}`, /748/);
  });
}

test('a key under which nothing was done is told apart', async (context) => {
  const { client } = await stub(context, ['idempotency_key_not_found']);
  const error = await apiErrorOf(client.lostAnswer('order-42'));
  assert.deepEqual([error.code, error.outcomeUnknown], ['idempotency_key_not_found', false]);
});

test('a payment that was called off at its terminal is not asked for under the same key', async (context) => {
  const { client, asked } = await stub(context, ['outcome_unknown', 'terminal_unavailable']);
  const transaction = {
    id_terminal: 'testing1234',
    serial_number: 's',
    amount_in_millimes: 1_000,
    payment_method: 'CARD',
  } as const;
  const error = await apiErrorOf(client.initPosTransaction(transaction));
  assert.deepEqual([error.code, error.outcomeUnknown], ['terminal_unavailable', false]);
  assert.equal(asked.length, 2);
});

test('an error page of a proxy is no answer, and is asked again with the same key', async (context) => {
  const names = ['page_of_a_proxy', 'page_of_a_proxy_with_a_time', 'refund_payment'];
  const { client, asked, waited } = await stub(context, names);
  await client.refundPayment('x');
  assert.equal(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.equal(waited[1], 3);
});

test('a proxy that goes on with error pages leaves the outcome unknown', async (context) => {
  const { client, asked } = await stub(context, Array(3).fill('page_of_a_proxy'));
  const error = await errorOf(client.refundPayment('x'));
  assert.ok(error instanceof ConnectionError);
  assert.match(error.message, /502/);
  assert.equal(error.outcomeUnknown, true);
  assert.equal(error.idempotencyKey, asked[2]?.headers['idempotency-key']);
});

/** The answers of a refund, and whether afterwards nobody knows if it was made. */
const endings: readonly [readonly string[], boolean][] = [
  [['outcome_unknown', 'outcome_unknown', 'outcome_unknown'], true],
  [['hang up', 'rate_limited', 'rate_limited'], true],
  [['outcome_unknown', 'unavailable_without_a_time'], true],
  [['hang up', 'refund_not_allowed'], false],
  [['rate_limited', 'rate_limited', 'rate_limited'], false],
  [['unavailable_without_a_time'], false],
];
for (const [names, outcomeUnknown] of endings) {
  const is = outcomeUnknown ? 'unknown' : 'known';
  test(`after ${names.join(', ')} the outcome is ${is}`, async (context) => {
    const { client } = await stub(context, names);
    assert.equal((await apiErrorOf(client.refundPayment('x'))).outcomeUnknown, outcomeUnknown);
  });
}

test('a call that only reads leaves nothing unknown', async (context) => {
  const { client } = await stub(context, ['hang up'], { retriesMax: 0 });
  const error = await errorOf(client.verifyPayment('x'));
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.outcomeUnknown, false);
});

for (const name of ['not_json', 'verify_payment', 'bindings_list']) {
  test(`a refund that is answered with ${name} can be asked for again with its key`, async (context) => {
    const { client, asked } = await stub(context, [name]);
    const error = await errorOf(client.refundPayment('x'));
    assert.ok(error instanceof UnexpectedAnswerError);
    assert.equal(error.outcomeUnknown, true);
    assert.equal(error.idempotencyKey, asked[0]?.headers['idempotency-key']);
  });
}

for (const name of ['hang up', 'not_json', 'rate_limited']) {
  test(`a QR code that is answered with ${name} can be asked for again by its operation`, async (context) => {
    const { client, asked } = await stub(context, [name], { retriesMax: 0 });
    const error = await errorOf(client.generateQrCode({ amount_in_millimes: 1_000, merchant_id: '1234' }));
    assert.ok(error instanceof CallError);
    assert.equal(error.operationUuid, asked[0]?.query['operation_uuid']);
    assert.equal(error.outcomeUnknown, name !== 'rate_limited');
  });
}

for (const key of ['طلب', 'a b', 'a\r\nX: y', '', 'a'.repeat(256)]) {
  test(`the key ${JSON.stringify(key.slice(0, 8))} is the caller's mistake, not a lost answer`, async (context) => {
    const { client, asked, waited } = await stub(context, []);
    await assert.rejects(client.refundPayment('x', {}, { idempotencyKey: key }), TypeError);
    assert.deepEqual([asked.length, waited.length], [0, 0]);
  });
}

for (const option of ['timeoutSecs', 'retriesMax', 'retryWaitSecsMax']) {
  test(`a client with a ${option} that is no number is refused`, async (context) => {
    await assert.rejects(stub(context, [], { [option]: Number.NaN }), TypeError);
  });
}

test('a body that cannot be written is the caller\'s mistake, not a lost answer', async (context) => {
  const { client, asked, waited } = await stub(context, []);
  const payment = { ...PAYMENT, session_timeout_secs: 1n as unknown as number };
  await assert.rejects(client.generatePayment(payment), TypeError);
  assert.deepEqual([asked.length, waited.length], [0, 0]);
});

test('what is sent again is what was sent first, whatever became of the object', async (context) => {
  const payment = { ...PAYMENT };
  const sleep = async (): Promise<void> => void (payment.amount = 1);
  const { client, asked } = await stub(context, ['hang up', 'generate_payment'], { sleep });
  await client.generatePayment(payment);
  assert.deepEqual(asked.map(({ body }) => body), [PAYMENT, PAYMENT]);
});

test('an error does not show what was asked for', async (context) => {
  const send = (url: unknown): never => {
    throw new TypeError(`error sending request for url (${String(url)})`);
  };
  const { client } = await stub(context, [], { retriesMax: 0, fetch: send as typeof fetch });
  const error = await errorOf(client.listBindings('amira@example.com'));
  assert.ok(error instanceof ConnectionError);
  assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /amira/);
});

test('a saved card without its fields is not taken for one', async (context) => {
  const { client } = await stub(context, ['binding_without_its_fields']);
  assert.ok((await errorOf(client.listBindings('x'))) instanceof UnexpectedAnswerError);
});

test('a page where JSON should be is not taken for success', async (context) => {
  const { client } = await stub(context, ['not_json']);
  assert.ok((await errorOf(client.verifyPayment('x'))) instanceof UnexpectedAnswerError);
});

test('a redirect is not followed', async (context) => {
  const { client, asked } = await stub(context, ['redirect']);
  assert.equal((await apiErrorOf(client.verifyPayment('x'))).status, 302);
  assert.equal(asked.length, 1);
});

test('an answer without the promised fields is not taken for success', async (context) => {
  const { client } = await stub(context, ['verify_payment']);
  assert.ok((await errorOf(client.generatePayment(PAYMENT))) instanceof UnexpectedAnswerError);
});

test('every change carries a key of its own', async (context) => {
  const { client, asked } = await stub(context, ['generate_payment', 'generate_payment']);
  await client.generatePayment(PAYMENT);
  await client.generatePayment(PAYMENT);
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  assert.match(String(keys[0]), /^[0-9a-f-]{36}$/);
  assert.notEqual(keys[0], keys[1]);
});

test('a key that the caller chose is sent', async (context) => {
  const { client, asked } = await stub(context, ['refund_payment']);
  await client.refundPayment('x', {}, { idempotencyKey: 'refund-1' });
  assert.equal(asked[0]?.headers['idempotency-key'], 'refund-1');
});

test('a busy gateway is asked again after its time, with the same key and body', async (context) => {
  const { client, asked, waited } = await stub(context, ['rate_limited', 'outcome_unknown', 'generate_payment']);
  await client.generatePayment(PAYMENT);
  assert.deepEqual(waited, [7, 5]);
  assert.equal(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.deepEqual(asked[2]?.body, PAYMENT);
});

test('a broken connection is tried again with the same key', async (context) => {
  const { client, asked } = await stub(context, ['hang up', 'generate_payment']);
  await client.generatePayment(PAYMENT);
  assert.equal(asked.length, 2);
  assert.equal(asked[0]?.headers['idempotency-key'], asked[1]?.headers['idempotency-key']);
});

test('a connection that stays broken is an error with the key', async (context) => {
  const { client, asked } = await stub(context, ['hang up', 'hang up', 'hang up']);
  const error = await errorOf(client.generatePayment(PAYMENT));
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.idempotencyKey, asked[0]?.headers['idempotency-key']);
  assert.equal(asked.length, 3);
});

test('a gateway that does not answer in time is given up', async (context) => {
  const { client } = await stub(context, ['hang'], { timeoutSecs: 0.05, retriesMax: 0 });
  assert.ok((await errorOf(client.verifyPayment('x'))) instanceof ConnectionError);
});

test('a refusal that is final is not tried again', async (context) => {
  const { client, asked } = await stub(context, ['request_invalid']);
  await apiErrorOf(client.generatePayment(PAYMENT));
  assert.equal(asked.length, 1);
});

test('a gateway that names no time is not asked again', async (context) => {
  const { client, asked } = await stub(context, ['unavailable_without_a_time']);
  await apiErrorOf(client.verifyPayment('x'));
  assert.equal(asked.length, 1);
});

test('a long wait is reported rather than waited for', async (context) => {
  const { client, waited } = await stub(context, ['rate_limited_for_an_hour']);
  assert.equal((await apiErrorOf(client.verifyPayment('x'))).retryAfterSecs, 3_600);
  assert.deepEqual(waited, []);
});

test('after the last try the error is reported', async (context) => {
  const { client, asked } = await stub(context, ['rate_limited', 'rate_limited'], { retriesMax: 1 });
  assert.equal((await apiErrorOf(client.verifyPayment('x'))).status, 429);
  assert.equal(asked.length, 2);
});
