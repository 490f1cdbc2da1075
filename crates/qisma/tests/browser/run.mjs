// Runs one scenario in a real browser: node run.mjs scenario.mjs
//
// A scenario is a module whose default export is an async function; harness.mjs says what it is given.
// The test that starts us serves the pages and says where, in the environment:
//   QISMA_GATEWAY, QISMA_SANDBOX, QISMA_SHOP   the origins of the pages
//   QISMA_CONTROL                              the test's own address, which moves its clock (control.mjs)
//   QISMA_SCREENSHOTS                          a folder for screenshots; without it none are taken
//   CHROMIUM                                   the browser, where it is not Debian's
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Harness } from './harness.mjs';

const DEADLINE_SECS = 180;

async function run(file) {
  const { default: scenario } = await import(pathToFileURL(path.resolve(file)));
  const harness = await Harness.start(process.env);
  const deadline = setTimeout(() => {
    console.error(`${file}: not done after ${DEADLINE_SECS} s`);
    process.exit(1);
  }, DEADLINE_SECS * 1000);
  try {
    await scenario(await harness.forScenario());
    harness.throwIfTroubled();
    console.log(`ok: ${file}`);
  } catch (failure) {
    console.error(`${file}: ${failure.stack ?? failure}`);
    await harness.describePages();
    process.exitCode = 1;
  } finally {
    clearTimeout(deadline);
    await harness.stop();
  }
}

if (process.argv.length !== 3) {
  console.error('Say which scenario: node run.mjs scenario.mjs');
  process.exit(2);
}
await run(process.argv[2]);
