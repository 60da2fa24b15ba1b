// A backend in a process of its own, for tests that kill it: opens the workspace named on the command line, prints
// every event as a line of JSON, and makes the experiment of the second argument.
import { openBackend } from '../backend.ts';
import { testHost } from '../test-support-host.ts';

const [dir, spec] = process.argv.slice(2);
const { app } = await openBackend(dir!, testHost());
app.onEvent((message) => process.stdout.write(`${JSON.stringify(message)}\n`));
const input = { spec: JSON.parse(spec!) as unknown };
process.stdout.write(`${JSON.stringify(await app.answer({ id: 1, method: 'experiments/create', input }))}\n`);
