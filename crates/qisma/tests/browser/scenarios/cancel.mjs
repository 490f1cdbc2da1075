// The payer calls it off.
export default async function ({ page, control, shop, expect }) {
  const { payment_id, link } = await control.payment({ accept_card: true });
  await page.goto(link);
  await page.locator('form[action$="/cancel"] button').click();
  await expect.at(page, `${shop}/landed/fail`);
  expect.equal(new URL(page.url()).searchParams.get('payment_id'), payment_id);
  expect.equal((await control.verify(payment_id)).result.status, 'FAILURE');
}
