// Speaks to the test that started us: it holds the clock, the merchant's key and the receiver of webhooks.
//   POST advance?secs=N   moves the clock of gateway and sandbox and lets the workers finish
//   POST payment          creates a payment from the JSON body: {payment_id, link}
//   GET verify/ID         what verify_payment says
//   GET webhooks          what the receiver got
export class Control {
  constructor(url) {
    this.url = url.replace(/\/$/, '');
  }

  get(path) {
    return this.send('GET', path);
  }

  post(path, body) {
    return this.send('POST', path, body);
  }

  advance(secs) {
    return this.post(`/advance?secs=${secs}`);
  }

  payment(body = {}) {
    return this.post('/payment', body);
  }

  verify(paymentId) {
    return this.get(`/verify/${paymentId}`);
  }

  webhooks() {
    return this.get('/webhooks');
  }

  async send(method, path, body) {
    const answer = await fetch(`${this.url}/${path.replace(/^\//, '')}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`control: ${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}
