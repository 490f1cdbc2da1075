// What a payer does, as steps that scenarios share. Fields and buttons are found the way an assistive
// program finds them: by what they are for, not by our names for them.
export const CARDS = {
  success: { number: '4509 2111 1111 1119', exp: '12/26', csc: '748' },
  frictionless: { number: '4509 2111 1111 1127', exp: '12/26', csc: '748' },
  insufficientFunds: { number: '5104 0511 1111 1115', exp: '12/26', csc: '186' },
};
export const WALLET_PHONE = '55555555';

export async function chooseCard(page) {
  await page.locator('form[action$="/card"] button').click();
  await page.locator('[autocomplete="cc-number"]').waitFor();
}

export async function typeCard(page, card) {
  await page.locator('[autocomplete="cc-number"]').fill(card.number);
  await page.locator('[autocomplete="cc-exp"]').fill(card.exp);
  await page.locator('[autocomplete="cc-csc"]').fill(card.csc);
  await page.locator('[autocomplete="cc-name"]').fill('FOULEN BEN FOULEN');
  await page.locator('form button[type="submit"]').first().click();
}

export async function passThreeDs(page, code = '123456') {
  const field = page.locator('[autocomplete="one-time-code"]');
  await field.fill(code);
  await field.press('Enter');
}

export async function chooseWallet(page, phone = WALLET_PHONE) {
  const field = page.locator('[type="tel"][autocomplete="tel"]');
  await field.fill(phone);
  await field.press('Enter');
  await page.locator('[autocomplete="one-time-code"]').waitFor();
}

// The newest code on the phone's page; no other six digits stand on it.
export async function readCode(sandbox, phone = WALLET_PHONE) {
  for (let tries = 0; tries < 100; tries += 1) {
    const text = await (await fetch(`${sandbox}/phone/${phone}`)).text();
    const code = text.replace(/<[^>]*>/g, ' ').match(/(?<!\d)\d{6}(?!\d)/);
    if (code) return code[0];
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  throw new Error(`no code came to ${phone}`);
}

export async function typeCode(page, code) {
  const field = page.locator('[autocomplete="one-time-code"]');
  await field.fill(code);
  await field.press('Enter');
}

export async function changeWay(page) {
  await page.locator('form[action$="/change"] button').click();
  await page.locator('[type="tel"][autocomplete="tel"]').waitFor();
}
