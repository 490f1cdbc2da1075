// The cases that all client kits share.
import { readFileSync } from 'node:fs';

/** An answer as the contract has it. */
export interface CannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
}

export interface WebhookCase {
  readonly name: string;
  readonly genuine: boolean;
  readonly secret: string;
  readonly now_secs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// Tests are started in the kit's folder.
const read = (name: string): unknown => JSON.parse(readFileSync(`../testdata/${name}.json`, 'utf8'));

export const answers = read('answers') as Readonly<Record<string, CannedAnswer>>;
export const webhooks = read('webhooks') as readonly WebhookCase[];
