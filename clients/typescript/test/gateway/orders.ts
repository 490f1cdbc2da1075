// Payments that tests ask for.
import assert from 'node:assert/strict';
import { ApiError } from '../../src/index.js';
import type { NewPayment, QismaClient } from '../../src/index.js';
import { payByWallet } from './payer.js';

export const PAYMENT = {
  amount: 10_000,
  success_link: 'https://shop.example/thanks',
  fail_link: 'https://shop.example/sorry',
  developer_tracking_id: 'طلب 42',
  destination: [
    { amount: 8_000, destination: '1234' },
    { amount: 1_500, destination: '4321' },
  ],
};
/** A card of the sandbox that pays. */
export const CARD = { number: '4509211111111119', expiry: '12/26', cvc: '748' };
export const LIMIT = { timeout: 30_000 };

export async function refused(work: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await work.catch((error: unknown) => error);
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

/** Asks for a payment, pays it by wallet and gives its id. */
export async function paid(
  client: QismaClient,
  phone: string | undefined,
  other: Partial<NewPayment> = {},
): Promise<string> {
  const created = await client.generatePayment({ ...PAYMENT, ...other });
  assert.ok(created.link !== undefined && phone !== undefined);
  await payByWallet(created.link, phone);
  return created.payment_id;
}
