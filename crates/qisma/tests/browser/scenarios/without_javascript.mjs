// A small phone without JavaScript: wallet and card, from end to end.
import { CARDS, chooseCard, chooseWallet, passThreeDs, readCode, typeCard, typeCode } from '../payer.mjs';

export default async function ({ newPage, control, sandbox, shop, expect, screenshot }) {
  const page = await newPage({ javaScript: false, width: 360, height: 740, locale: 'fr-TN' });
  const byWallet = await control.payment({ accept_card: true });
  await page.goto(byWallet.link);
  await screenshot('choose-fr-phone', page);
  await chooseWallet(page);
  await screenshot('wallet-code-fr-phone', page);
  await typeCode(page, await readCode(sandbox));
  await expect.at(page, `${shop}/landed/success`);
  const byCard = await control.payment({ accept_card: true });
  await page.goto(byCard.link);
  await chooseCard(page);
  await typeCard(page, CARDS.success);
  await page.locator('[autocomplete="one-time-code"]').waitFor();
  await passThreeDs(page);
  await expect.at(page, `${shop}/landed/success`);
  for (const { payment_id } of [byWallet, byCard]) {
    expect.equal((await control.verify(payment_id)).result.status, 'SUCCESS');
  }
}
