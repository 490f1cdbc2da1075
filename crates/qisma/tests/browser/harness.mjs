// A browser whose pages are watched: an error in the console, a breach of the content security policy,
// an exception in a script or a request to somebody else fails the scenario, whatever else it checks.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { checkAccessibility } from './accessibility.mjs';
import { Control } from './control.mjs';
import { expect } from './expect.mjs';

// The browser would look for updates and for its maker's services, which a test must not wait for.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const STEP_TIMEOUT_MS = 15_000;
const PHONE_WIDTH_MAX = 480;

export class Harness {
  static async start(env) {
    const executablePath = env.CHROMIUM || '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
    return new Harness(browser, env);
  }

  constructor(browser, env) {
    this.browser = browser;
    this.gateway = env.QISMA_GATEWAY;
    this.sandbox = env.QISMA_SANDBOX;
    this.shop = env.QISMA_SHOP;
    this.control = env.QISMA_CONTROL ? new Control(env.QISMA_CONTROL) : null;
    this.screenshots = env.QISMA_SCREENSHOTS;
    this.contextsWithoutScripts = new Set();
    this.origins = new Set();
    this.allowedTroubles = [];
    this.troubles = [];
    for (const url of [this.gateway, this.sandbox, this.shop, env.QISMA_CONTROL]) {
      if (url) this.allowOrigin(url);
    }
  }

  // What a scenario is given. `page` is a first page as of newPage().
  async forScenario() {
    const page = await this.newPage();
    return {
      browser: this.browser,
      page,
      gateway: this.gateway,
      sandbox: this.sandbox,
      shop: this.shop,
      control: this.control,
      expect,
      // A page with cookies of its own, like that of another person.
      newPage: (options) => this.newPage(options),
      // screenshot('name') or screenshot('name', page)
      screenshot: (name, of = page) => this.screenshot(name, of),
      // axe() or axe(page): throws on a serious fault.
      axe: (of = page) => this.checkAccessibility(of),
      // Expects a console message, such as that of a 404 page, or requests to one more origin.
      allowTrouble: (pattern) => this.allowedTroubles.push(pattern),
      allowOrigin: (url) => this.allowOrigin(url),
    };
  }

  async newPage({ locale = 'en-GB', javaScript = true, width = 1280, height = 800 } = {}) {
    const isPhone = width <= PHONE_WIDTH_MAX;
    const context = await this.browser.newContext({
      locale,
      javaScriptEnabled: javaScript,
      viewport: { width, height },
      isMobile: isPhone,
      hasTouch: isPhone,
    });
    context.setDefaultTimeout(STEP_TIMEOUT_MS);
    if (!javaScript) this.contextsWithoutScripts.add(context);
    this.watch(context);
    return context.newPage();
  }

  watch(context) {
    context.on('console', (message) => {
      if (message.type() === 'error') this.note(`console of ${message.page()?.url()}: ${message.text()}`);
    });
    context.on('weberror', (event) => this.note(`uncaught in ${event.page()?.url()}: ${event.error()}`));
    context.on('request', (request) => {
      const url = new URL(request.url());
      const isOfNetwork = ['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol);
      if (isOfNetwork && !this.origins.has(url.origin)) this.note(`a request to ${request.url()}`);
    });
  }

  async checkAccessibility(page) {
    // There axe-core would wait for ever for its own timers.
    if (this.contextsWithoutScripts.has(page.context())) {
      throw new Error('axe-core needs JavaScript: check the same address in another newPage()');
    }
    await checkAccessibility(page);
  }

  note(trouble) {
    this.troubles.push(trouble);
  }

  allowOrigin(url) {
    this.origins.add(new URL(url).origin);
  }

  throwIfTroubled() {
    const isAllowed = (trouble) => this.allowedTroubles.some((pattern) => pattern.test(trouble));
    const troubles = this.troubles.filter((trouble) => !isAllowed(trouble));
    if (troubles.length > 0) throw new Error(`the pages had troubles:\n  ${troubles.join('\n  ')}`);
  }

  async screenshot(name, page) {
    if (!this.screenshots) return;
    await mkdir(this.screenshots, { recursive: true });
    await page.screenshot({ path: path.join(this.screenshots, `${name}.png`), fullPage: true });
  }

  // What a person would have seen when the scenario failed.
  async describePages() {
    for (const trouble of this.troubles) console.error(`trouble: ${trouble}`);
    const pages = this.browser.contexts().flatMap((context) => context.pages());
    for (const [index, page] of pages.entries()) {
      const text = await page.locator('body').innerText({ timeout: 1000 }).catch(() => '(no text)');
      console.error(`page ${index} is at ${page.url()} and says:\n${text.slice(0, 2000)}`);
      await this.screenshot(`failure-${process.pid}-${index}`, page).catch(() => {});
    }
  }

  async stop() {
    await this.browser.close();
  }
}
