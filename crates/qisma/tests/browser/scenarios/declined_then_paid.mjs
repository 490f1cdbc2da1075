// A card without money on it, then one with.
import { CARDS, chooseCard, passThreeDs, typeCard } from '../payer.mjs';

export default async function ({ page, control, shop, expect, axe, screenshot }) {
  const { payment_id, link } = await control.payment({ accept_card: true });
  await page.goto(link);
  await chooseCard(page);
  await typeCard(page, CARDS.insufficientFunds);
  await page.locator('form[action$="/card"] button').waitFor();
  expect.equal((await control.verify(payment_id)).result.status, 'PENDING');
  await page.locator('[role="alert"]').first().waitFor();
  await axe();
  await screenshot('declined');
  await chooseCard(page);
  await typeCard(page, CARDS.success);
  await page.locator('[autocomplete="one-time-code"]').waitFor();
  await passThreeDs(page);
  await expect.at(page, `${shop}/landed/success`);
  expect.equal((await control.verify(payment_id)).result.status, 'SUCCESS');
}
