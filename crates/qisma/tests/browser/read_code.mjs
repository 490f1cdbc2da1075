// Reads the text of a payment's QR code with an independent decoder of EMVCo codes, which refuses one
// whose checksum is wrong.
//
// Reads the text from standard input and prints {tag: value}; a template's objects are {tag: value} too.
import { readFileSync } from 'node:fs';
import emvqr from 'emvqr';

function plain(objects) {
  const values = Object.values(objects).map(({ id, data }) => [
    id,
    typeof data === 'string' ? data : plain(data),
  ]);
  return Object.fromEntries(values);
}

console.log(JSON.stringify(plain(emvqr.decode(readFileSync(0, 'utf8').trim()))));
