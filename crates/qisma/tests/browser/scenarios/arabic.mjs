// Arabic, from right to left, on a phone; and the switch to another language.
import { chooseCard } from '../payer.mjs';

export default async function ({ newPage, control, expect, axe, screenshot }) {
  const page = await newPage({ locale: 'ar-TN', width: 360, height: 740 });
  const { link } = await control.payment({ accept_card: true });
  await page.goto(link);
  expect.equal(await page.locator('html').getAttribute('dir'), 'rtl');
  expect.equal(await page.locator('html').getAttribute('lang'), 'ar');
  await expect.fits(page);
  await axe(page);
  await screenshot('choose-ar-phone', page);
  await page.locator('a[href*="lang=fr"]').click();
  expect.equal(await page.locator('html').getAttribute('lang'), 'fr');
  expect.equal(await page.locator('html').getAttribute('dir'), 'ltr');
  await page.locator('a[href*="lang=ar"]').click();
  await chooseCard(page);
  expect.equal(await page.locator('html').getAttribute('dir'), 'rtl');
  await expect.fits(page);
  await screenshot('bank-ar-phone', page);
}
