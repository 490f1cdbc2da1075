// A shop that waits for one webhook.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Received {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  readonly received: Promise<Received>;
}

export async function receiver(context: TestContext): Promise<Receiver> {
  const { promise, resolve } = (() => {
    let resolve!: (received: Received) => void;
    const promise = new Promise<Received>((done) => (resolve = done));
    return { promise, resolve };
  })();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end();
      const query = new URL(request.url ?? '/', 'http://shop.invalid').searchParams;
      const body = Buffer.concat(chunks);
      resolve({ method: request.method ?? '', query, headers: request.headers, body });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received: promise };
}
