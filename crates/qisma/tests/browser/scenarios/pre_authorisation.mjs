// A pre-authorised card: held, and the payer is back in the shop before anything is taken.
import { CARDS, chooseCard, passThreeDs, typeCard } from '../payer.mjs';

export default async function ({ page, control, shop, expect }) {
  const { payment_id, link } = await control.payment({ accept_card: true, pre_authorization: true });
  await page.goto(link);
  await chooseCard(page);
  await typeCard(page, CARDS.success);
  await passThreeDs(page);
  await expect.at(page, `${shop}/landed/success`);
  const { result } = await control.verify(payment_id);
  expect.equal([result.status, result.settlement_status], ['PREAUTH_SUCCESS', 'NOT_APPLICABLE']);
}
