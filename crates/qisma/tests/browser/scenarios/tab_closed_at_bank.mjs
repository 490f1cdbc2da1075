// A payer who paid at the bank and closed the tab: captured, and the platform told, within 90 s.
import { CARDS, chooseCard, passThreeDs, typeCard } from '../payer.mjs';

export default async function ({ page, control, sandbox, expect }) {
  const { payment_id, link } = await control.payment({ accept_card: true });
  await page.goto(link);
  await chooseCard(page);
  const armed = await fetch(`${sandbox}/sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault: 'approve_lost', endpoint: 'bank', order_number: `${payment_id}-*` }),
  });
  expect.ok(armed.ok, 'the sandbox takes the fault');
  await typeCard(page, CARDS.success);
  await page.locator('[autocomplete="one-time-code"]').waitFor();
  await passThreeDs(page);
  await page.waitForLoadState();
  await page.close();
  expect.equal((await control.verify(payment_id)).result.status, 'PENDING');
  await control.advance(90);
  expect.equal((await control.verify(payment_id)).result.status, 'SUCCESS');
  const webhook = await control.get(`/webhook/${payment_id}`);
  expect.match(webhook.query, /success=True/);
}
