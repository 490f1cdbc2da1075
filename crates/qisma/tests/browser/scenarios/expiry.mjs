// A payment that nobody pays in time leads back to the shop, and not to its success page.
export default async function ({ page, control, shop, expect, screenshot }) {
  const { payment_id, link } = await control.payment({ session_timeout_secs: 60 });
  await page.goto(link);
  await control.advance(60);
  await page.goto(link);
  await expect.at(page, `${shop}/landed/fail`);
  expect.equal((await control.verify(payment_id)).result.status, 'EXPIRED');
  await screenshot('after-expiry');
}
