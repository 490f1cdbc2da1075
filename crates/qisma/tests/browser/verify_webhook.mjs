// Verifies one webhook with the reference library of Standard Webhooks.
//
// Reads {"secret", "headers", "body", "now_secs"} from standard input and prints `ok`, or `refused: `
// and the library's reason. `now_secs` is optional: the test's own clock, where it is not the wall clock.
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const message = JSON.parse(readFileSync(0, 'utf8'));
if (message.now_secs !== undefined && message.now_secs !== null) {
  // The library refuses a timestamp more than five minutes off and takes no clock as a parameter.
  Date.now = () => message.now_secs * 1000;
}
try {
  // The library takes an empty body as it is: a `get` webhook has one, and it is signed.
  new Webhook(message.secret).verify(message.body, message.headers);
  console.log('ok');
} catch (reason) {
  console.log(`refused: ${reason.message}`);
}
