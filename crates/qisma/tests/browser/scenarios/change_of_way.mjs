// A payer who is at the bank, goes back and pays by wallet instead.
import { changeWay, chooseCard, chooseWallet, readCode, typeCode } from '../payer.mjs';

export default async function ({ page, control, sandbox, shop, expect, axe, screenshot }) {
  const { payment_id, link } = await control.payment({ accept_card: true });
  await page.goto(link);
  await chooseCard(page);
  await page.goto(link);
  await axe();
  await screenshot('card-open');
  await changeWay(page);
  await chooseWallet(page);
  await typeCode(page, await readCode(sandbox));
  await expect.at(page, `${shop}/landed/success`);
  expect.equal((await control.verify(payment_id)).result.type, 'wallet');
}
