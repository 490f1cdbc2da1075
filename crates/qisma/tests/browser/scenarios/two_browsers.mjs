// Two people on one link: the second is shown the open attempt and led to the same bank page.
import { CARDS, chooseCard, passThreeDs, typeCard } from '../payer.mjs';

export default async function ({ page, newPage, control, shop, expect, screenshot, axe }) {
  const { payment_id, link } = await control.payment({ accept_card: true });
  const other = await newPage();
  await page.goto(link);
  await other.goto(link);
  await chooseCard(page);
  await other.locator('form[action$="/card"] button').click();
  await other.locator('form[action$="/change"] button').waitFor();
  await axe(other);
  await screenshot('open-elsewhere', other);
  await other.locator('a[href$="/leave"]').click();
  await other.locator('[autocomplete="cc-number"]').waitFor();
  expect.equal(new URL(other.url()).searchParams.get('mdOrder'), new URL(page.url()).searchParams.get('mdOrder'));
  await typeCard(page, CARDS.success);
  await page.locator('[autocomplete="one-time-code"]').waitFor();
  await passThreeDs(page);
  await expect.at(page, `${shop}/landed/success`);
  await other.goto(link);
  await expect.at(other, `${shop}/landed/success`);
  expect.equal((await control.verify(payment_id)).result.status, 'SUCCESS');
}
