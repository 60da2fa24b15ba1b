// The launcher behind npm start, npm run demo, npm test: does the set-up that is missing, then starts the task on
// Node 24. Plain Node 20 without packages, because nothing is installed yet when it runs first.
import { errorText, SetupError } from './setup/report.mjs';
import { tasks } from './tasks.mjs';

const [name, ...args] = process.argv.slice(2);
try {
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (task === undefined) {
    process.stderr.write(`Usage: node scripts/run.mjs ${Object.keys(tasks).join('|')} [arguments]\n`);
    process.exitCode = 2;
  } else {
    process.exitCode = await task(args);
  }
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = error instanceof SetupError ? 1 : 70;
}
