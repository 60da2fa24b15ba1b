import { TestArea } from './test-support.ts';

/** For a test that kills this process: imports a file, and sends a message when rows are being written. */
const [dir, file] = process.argv.slice(2);
const area = await TestArea.open(dir);
await area.startImport(file!);
setInterval(() => {
  void area.jobs().then(([job]) => {
    if (job && job.done > 0) process.send?.('writing');
  });
}, 5);
