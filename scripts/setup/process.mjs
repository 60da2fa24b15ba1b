import { spawn } from 'node:child_process';
import os from 'node:os';

/**
 * Runs a tool and keeps what it says. Resolves to { code, output }; a missing tool is code 127.
 * SIGTERM and SIGHUP reach the tool before they end the set-up, so that nothing goes on writing behind it.
 */
export function runTool(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const stop = (signal) => {
      child.kill(signal);
      process.exit(128 + os.constants.signals[signal]);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, stop);
    const done = (result) => {
      for (const signal of signals) process.off(signal, stop);
      resolve(result);
    };
    child.on('error', (error) => done({ code: error.code === 'ENOENT' ? 127 : 126, output: error.message }));
    child.on('close', (code, signal) => done({ code: code ?? 128 + os.constants.signals[signal], output }));
  });
}

/** The last lines of a tool's output, for a message. */
export function lastLines(output, count = 15) {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}

/**
 * Runs a task in the foreground with this terminal. Resolves to its exit code, or ends this process by the
 * signal that ended the task.
 */
export function runTask(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    // A terminal sends Ctrl-C to the whole group; passing it on as well would make it look like a second one.
    const onTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
    const pass = (signal) => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass);
      if (signal === null) return resolve(code);
      process.kill(process.pid, signal);
      setTimeout(() => resolve(128 + os.constants.signals[signal]), 100);
    });
  });
}
