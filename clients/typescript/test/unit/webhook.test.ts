// Webhooks: the cases that all client kits share, and how headers arrive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook, WebhookVerificationError } from '../../src/index.js';
import { webhooks } from '../testdata.js';

for (const { name, genuine, secret, headers, body, now_secs: nowSecs } of webhooks) {
  test(`${genuine ? 'accepted' : 'refused'}: ${name}`, async () => {
    const verified = new Webhook(secret).verify(body, headers, nowSecs);
    if (genuine) {
      assert.equal((await verified).id, headers['webhook-id']);
    } else {
      await assert.rejects(verified, WebhookVerificationError);
    }
  });
}

const posted = webhooks.find(({ body }) => body.includes('payment_id'));
assert.ok(posted);
const { secret, headers, body, now_secs: nowSecs } = posted;

test('a POST tells its event', async () => {
  const { event } = await new Webhook(secret).verify(Buffer.from(body), headers, nowSecs);
  assert.equal(event?.payment_id, 'FoPKKHqfQIKfBqhEj8M47A');
  assert.equal(event.developer_tracking_id, 'طلب 42');
});

test('a GET tells no event', async () => {
  const get = webhooks.find((given) => given.genuine && given.body === '');
  assert.ok(get);
  const { event } = await new Webhook(get.secret).verify('', get.headers, get.now_secs);
  assert.equal(event, undefined);
});

test('headers may be those of fetch, and in any letters', async () => {
  await new Webhook(secret).verify(body, new Headers(headers), nowSecs);
  const loud = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]));
  await new Webhook(secret).verify(body, loud, nowSecs);
});

test('two headers of one name are refused', async () => {
  const two = { ...headers, 'webhook-id': [headers['webhook-id'] ?? '', 'msg_2'] };
  await assert.rejects(new Webhook(secret).verify(body, two, nowSecs), WebhookVerificationError);
});

test('an empty secret is refused', () => {
  for (const empty of ['', 'whsec_', 'whsec_***']) assert.throws(() => new Webhook(empty), TypeError);
});
