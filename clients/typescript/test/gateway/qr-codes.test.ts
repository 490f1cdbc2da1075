// Against a running gateway: payments as QR codes.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { QismaClient } from '../../src/index.js';
import { clientOf, demo } from './demo.js';
import { LIMIT, refused } from './orders.js';
import { payByWallet } from './payer.js';

const client = clientOf(demo.get);
const CODE = { amount_in_millimes: 1_000, merchant_id: '1000' };

test('an operation is one code and one payment', LIMIT, async () => {
  const code = await client.generateQrCode(CODE);
  assert.equal(Buffer.from(code.qr_code, 'base64').toString('latin1', 1, 4), 'PNG');
  const { operation_uuid } = code;
  assert.deepEqual(await client.generateQrCode({ ...CODE, operation_uuid }), code);
  const transaction = await client.qrTransactionStatus(operation_uuid);
  assert.deepEqual([transaction.status, transaction.amount_in_millimes], ['PENDING', 1_000]);
  assert.equal((await client.verifyPayment(transaction.payment_id)).amount, 1_000);
});

test('a code that was paid by wallet is paid', LIMIT, async () => {
  const { operation_uuid } = await client.generateQrCode(CODE);
  const { link } = await client.qrTransactionStatus(operation_uuid);
  await payByWallet(link, demo.phones[10] ?? '');
  assert.equal((await client.qrTransactionStatus(operation_uuid)).status, 'SUCCESS');
});

test('payments by QR code are listed from the newest, over several pages', LIMIT, async () => {
  const operations = [randomUUID(), randomUUID(), randomUUID()];
  for (const operation_uuid of operations) await client.generateQrCode({ ...CODE, operation_uuid });
  const listed: string[] = [];
  for await (const row of client.qrHistory({ limit: 2 })) listed.push(row.operation_uuid);
  const ours: readonly string[] = operations;
  assert.deepEqual(listed.filter((operation) => ours.includes(operation)), [...operations].reverse());
});

test('an operation with another amount is refused', LIMIT, async () => {
  const { operation_uuid } = await client.generateQrCode(CODE);
  const other = { ...CODE, amount_in_millimes: 2_000, operation_uuid };
  const error = await refused(client.generateQrCode(other));
  assert.deepEqual([error.status, error.code], [409, 'operation_uuid_reused']);
  assert.equal(error.operationUuid, operation_uuid);
});

test('an unknown operation is not found', LIMIT, async () => {
  const error = await refused(client.qrTransactionStatus(randomUUID()));
  assert.deepEqual([error.status, error.code], [404, 'transaction_not_found']);
});

test('a key of an app draws no code', LIMIT, async () => {
  const { public_key, private_key } = demo.get;
  const keys = { publicKey: public_key, privateKey: private_key, apiKey: private_key };
  const stranger = new QismaClient({ baseUrl: demo.gateway, ...keys });
  const error = await refused(stranger.qrTransactionStatus(randomUUID()));
  assert.deepEqual([error.status, error.code], [401, 'api_key_invalid']);
});
