// A wallet: one wrong code, then the right one.
import { chooseWallet, readCode, typeCode } from '../payer.mjs';

export default async function ({ page, control, sandbox, shop, expect, axe, screenshot }) {
  const { payment_id, link } = await control.payment({});
  await page.goto(link);
  await expect.absent(page, 'form[action$="/card"]');
  await chooseWallet(page, '+216 55 555 555');
  await axe();
  await screenshot('wallet-code');
  const code = await readCode(sandbox);
  await typeCode(page, code === '000000' ? '000001' : '000000');
  await page.locator('[role="alert"]').waitFor();
  await expect.visible(page, /4/);
  await axe();
  await screenshot('wallet-wrong-code');
  await typeCode(page, code);
  await expect.at(page, `${shop}/landed/success`);
  const { result } = await control.verify(payment_id);
  expect.equal([result.status, result.type], ['SUCCESS', 'wallet']);
}
