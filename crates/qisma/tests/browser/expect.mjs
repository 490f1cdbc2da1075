// Assertions that say what was there instead.
import assert from 'node:assert/strict';

export const expect = {
  ok(value, what) {
    assert.ok(value, what);
  },

  equal(actual, expected, what) {
    assert.deepEqual(actual, expected, what);
  },

  match(actual, pattern, what) {
    assert.match(actual, pattern, what);
  },

  // Waits until the page is at this address: a string it begins with, or a pattern.
  async at(page, address) {
    const fits = (url) => (typeof address === 'string' ? url.href.startsWith(address) : address.test(url.href));
    await page.waitForURL(fits).catch((cause) => {
      throw new Error(`expected to come to ${address}, but stayed at ${page.url()}`, { cause });
    });
  },

  // Waits until a person can see this text: a string or a pattern.
  async visible(page, text) {
    await page.getByText(text).first().waitFor({ state: 'visible' }).catch((cause) => {
      throw new Error(`expected ${page.url()} to show ${text}`, { cause });
    });
  },

  async absent(page, selector) {
    assert.equal(await page.locator(selector).count(), 0, `${page.url()} has ${selector}`);
  },

  // Nothing needs scrolling sideways. Not innerWidth: on a phone it grows with a page that is too wide.
  async fits(page) {
    const { width } = page.viewportSize();
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(content <= width, `${page.url()} is ${content} px wide in a window of ${width} px`);
  },
};
