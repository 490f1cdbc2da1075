// A card with 3-D Secure, from the link to a shop on another origin that redirects once more.
import { CARDS, chooseCard, passThreeDs, typeCard } from '../payer.mjs';

export default async function ({ page, control, shop, expect, axe, screenshot }) {
  const { payment_id, link } = await control.payment({ accept_card: true });
  await page.goto(link);
  await axe();
  await screenshot('choose-en');
  await chooseCard(page);
  await axe();
  await screenshot('bank-card');
  await typeCard(page, CARDS.success);
  await page.locator('[autocomplete="one-time-code"]').waitFor();
  await axe();
  await screenshot('bank-3ds');
  await passThreeDs(page);
  await expect.at(page, `${shop}/landed/success`);
  expect.equal(new URL(page.url()).searchParams.get('payment_id'), payment_id);
  const { result } = await control.verify(payment_id);
  expect.equal(result.status, 'SUCCESS');
  expect.equal(result.type, 'card');
  expect.equal(result.details.pan, '450921**1119');
}
