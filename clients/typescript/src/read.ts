// Reads answers. Types say what the API promises; here it is checked where money depends on it.

/** An answer that cannot be read. Who knows the request makes an UnexpectedAnswerError of it. */
export class Unreadable extends Error {}

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unexpected(name: string, wanted: string): Unreadable {
  // The value itself is not shown: it may be a payer's.
  return new Unreadable(`the answer's \`${name}\` is not ${wanted}`);
}

export function object(from: Json, name: string): Json {
  const value = from[name];
  if (!isObject(value)) throw unexpected(name, 'an object');
  return value;
}

export function list(from: Json, name: string): readonly Json[] {
  const value = from[name];
  if (!Array.isArray(value) || !value.every(isObject)) throw unexpected(name, 'a list of objects');
  return value;
}

export function text(from: Json, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw unexpected(name, 'a text');
  return value;
}

export function optionalText(from: Json, name: string): string | undefined {
  const value = from[name];
  return value === undefined || value === null ? undefined : text(from, name);
}

/** Refunds and confirmations carry their amount as digits in a text. */
export function millimes(from: Json, name: string): number {
  const value = from[name];
  const number = typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw unexpected(name, 'a whole number of millimes');
  return number as number;
}

/** Refuses, before anything is sent, an amount that is not a whole number. */
export function checkMillimes(name: string, amount: number): void {
  if (!Number.isSafeInteger(amount)) {
    throw new TypeError(`${name} must be a whole number of millimes (1 TND is 1000)`);
  }
}
