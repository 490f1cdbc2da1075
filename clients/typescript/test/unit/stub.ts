// A server that gives canned answers in order and remembers what it was asked.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { QismaClient } from '../../src/index.js';
import type { ClientOptions } from '../../src/index.js';
import { answers } from '../testdata.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Stub {
  readonly client: QismaClient;
  readonly asked: Asked[];
  /** How long the client would have waited before each repetition, in seconds. */
  readonly waited: number[];
}

/** Starts one; `hang up` in place of an answer's name closes the connection, and `hang` never answers. */
export async function stub(
  context: TestContext,
  names: readonly string[],
  options: Partial<ClientOptions> = {},
): Promise<Stub> {
  const [asked, waited, left]: [Asked[], number[], string[]] = [[], [], [...names]];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://stub.invalid');
      const text = Buffer.concat(chunks).toString();
      asked.push({
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      });
      const name = left.shift() ?? 'nothing is left';
      if (name === 'hang') return;
      const answer = answers[name];
      if (answer === undefined) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
      response.end(answer.text ?? JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = new QismaClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publicKey: 'public',
    privateKey: 'private',
    apiKey: 'api-key',
    sleep: async (secs) => void waited.push(secs),
    ...options,
  });
  return { client, asked, waited };
}
