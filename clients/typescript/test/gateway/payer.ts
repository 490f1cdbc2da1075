// A payer without a browser, who pays by wallet or at a terminal.
import assert from 'node:assert/strict';
import { demo } from './demo.js';

/** Opens the link, types the phone's number and then the code that it receives. */
export async function payByWallet(link: string, phone: string): Promise<void> {
  const choose = await page(await fetch(link));
  const code = await page(await submit(link, choose, 'wallet', { phone }));
  const messages = await page(await fetch(`${demo.sandbox}/phone/${phone}`));
  const [digits] = /\b[0-9]{6}\b/.exec(messages) ?? [];
  assert.ok(digits, 'the phone has received no code');
  await page(await submit(link, code, 'code', { code: digits }));
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
  const form = new RegExp(`<form[^>]* action="([^"]*/${end})"[^]*?</form>`).exec(html);
  assert.ok(form?.[1], `the page has no form for ${end}: ${html}`);
  const hidden = form[0].matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g);
  const fields = Object.fromEntries([...hidden].map(([, name, value]) => [name, value]));
  return fetch(new URL(form[1], link), { method: 'POST', body: new URLSearchParams({ ...fields, ...typed }) });
}
