// A payer without a browser, who pays by wallet, by card or at a terminal.
import assert from 'node:assert/strict';
import { demo } from './demo.js';

/** Opens the link, types the phone's number and then the code that it receives. */
export async function payByWallet(link: string, phone: string): Promise<void> {
  const choose = await page(await fetch(link));
  const codePage = await page(await submit(link, choose, 'wallet', { phone }));
  await page(await submit(link, codePage, 'code', { code: await receivedCode(phone) }));
}

/** The message may come a moment after the page that takes its code. */
async function receivedCode(phone: string): Promise<string> {
  const givenUpAt = performance.now() + 10_000;
  while (performance.now() < givenUpAt) {
    const messages = await page(await fetch(`${demo.sandbox}/phone/${phone}`));
    const [digits] = /\b[0-9]{6}\b/.exec(messages) ?? [];
    if (digits) return digits;
  }
  return assert.fail('the phone has received no code');
}

export interface Card {
  readonly number: string;
  readonly expiry: string;
  readonly cvc: string;
}

/** Goes to the bank's page, types the card and the code that the bank asks for, and returns. */
export async function payByCard(link: string, { number, expiry, cvc }: Card): Promise<void> {
  const bank = await ledOn(await submit(link, await page(await fetch(link)), 'card', {}));
  const card = { number, exp: expiry, csc: cvc, name: 'Amira' };
  const asking = await submit(bank.url, await page(bank), 'card', card);
  const done = await submit(asking.url, await page(asking), '3ds', { otp: '123456' });
  await page(await ledOn(done));
}

/** Where a page leads by itself. */
async function ledOn(response: Response): Promise<Response> {
  const html = await page(response);
  const [, target] = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(html) ?? [];
  assert.ok(target, `the page leads nowhere: ${html}`);
  return fetch(new URL(target, response.url));
}

/** Pays or declines the one payment that waits at a terminal of the sandbox. */
export async function pressAtTerminal(merchant: string, terminal: string, button: string): Promise<void> {
  const url = `${demo.sandbox}/terminal/${merchant}/${terminal}`;
  await page(await submit(url, await page(await fetch(url)), button, {}));
}

async function page(response: Response): Promise<string> {
  const html = await response.text();
  assert.equal(response.status, 200, html);
  return html;
}

function submit(link: string, html: string, end: string, typed: Record<string, string>): Promise<Response> {
  const form = new RegExp(`<form[^>]* action="([^"]*/${end}(?:\\?[^"]*)?)"[^]*?</form>`).exec(html);
  assert.ok(form?.[1], `the page has no form for ${end}: ${html}`);
  const hidden = form[0].matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g);
  const fields = Object.fromEntries([...hidden].map(([, name, value]) => [name, value]));
  return fetch(new URL(form[1], link), { method: 'POST', body: new URLSearchParams({ ...fields, ...typed }) });
}
