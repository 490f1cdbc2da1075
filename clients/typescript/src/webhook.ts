// Proves that a webhook comes from the gateway (Standard Webhooks; docs/webhooks.md).
import { WebhookVerificationError } from './errors.js';
import { isObject } from './read.js';
import type { PaymentStatus } from './types.js';

const TOLERANCE_SECS = 300;

/** The body of a POST webhook. The whole snapshot is in `data`; docs/events has its schemas. */
export interface WebhookEvent {
  readonly payment_id: string;
  readonly success: boolean;
  readonly status: PaymentStatus;
  readonly developer_tracking_id: string | null;
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A webhook that the gateway sent. */
export interface VerifiedWebhook {
  /** The event, the same at every try: act once on each. */
  readonly id: string;
  readonly sentAtSecs: number;
  /** What a POST says. A GET has an empty body, and its query is signed by nobody: ask verifyPayment. */
  readonly event: WebhookEvent | undefined;
}

/** Headers as fetch, node:http and their frameworks hold them. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Verifies the webhooks of one app. */
export class Webhook {
  readonly #key: Uint8Array<ArrayBuffer>;

  /** Takes the app's webhook secret, `whsec_...`. */
  constructor(secret: string) {
    const key = base64(secret.replace(/^whsec_/, ''));
    if (key === undefined || key.length === 0) throw new TypeError('the secret is not whsec_ and base64');
    this.#key = key;
  }

  /**
   * Checks signature and time of a webhook, of the raw body as it came (a GET's is empty).
   *
   * Throws a WebhookVerificationError when they do not hold.
   */
  async verify(
    body: string | Uint8Array,
    headers: WebhookHeaders,
    nowSecs: number = Date.now() / 1000,
  ): Promise<VerifiedWebhook> {
    const id = header(headers, 'webhook-id');
    const sentAt = header(headers, 'webhook-timestamp');
    const signatures = header(headers, 'webhook-signature');
    const sentAtSecs = /^[0-9]{1,15}$/.test(sentAt) ? Number(sentAt) : Number.NaN;
    // Written so that what is no number is refused, too.
    if (!(Math.abs(nowSecs - sentAtSecs) <= TOLERANCE_SECS)) {
      throw new WebhookVerificationError('webhook-timestamp is more than five minutes off');
    }
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const signed = concat(new TextEncoder().encode(`${id}.${sentAt}.`), bytes);
    if (!(await this.#isSigned(signed, signatures))) {
      throw new WebhookVerificationError('no signature in webhook-signature matches');
    }
    return { id, sentAtSecs, event: event(bytes) };
  }

  async #isSigned(signed: Uint8Array<ArrayBuffer>, signatures: string): Promise<boolean> {
    const hmac = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', this.#key, hmac, false, ['verify']);
    for (const word of signatures.split(' ')) {
      const given = word.startsWith('v1,') ? base64(word.slice(3)) : undefined;
      // The platform compares in constant time.
      if (given !== undefined && (await crypto.subtle.verify('HMAC', key, given, signed))) return true;
    }
    return false;
  }
}

function header(headers: WebhookHeaders, name: string): string {
  let value: unknown;
  if (typeof headers.get === 'function') {
    value = headers.get(name);
  } else {
    const names = Object.entries(headers).filter(([given]) => given.toLowerCase() === name);
    value = names.length === 1 ? names[0]?.[1] : undefined;
    if (Array.isArray(value) && value.length === 1) value = value[0];
  }
  if (typeof value !== 'string' || value === '') {
    throw new WebhookVerificationError(`the header ${name} is missing, or there are several`);
  }
  return value;
}

function event(body: Uint8Array): WebhookEvent | undefined {
  if (body.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (isObject(value)) return value as unknown as WebhookEvent;
  } catch {
    // Said below.
  }
  throw new WebhookVerificationError('the body is signed, but is not a JSON object');
}

function base64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
