import { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { doctorCommand } from './commands/doctor.ts';
import { embedCommand } from './commands/embed.ts';
import { evalCommand } from './commands/eval.ts';
import { exportCommand } from './commands/export.ts';
import { inspectCommand } from './commands/inspect.ts';
import { mergeCommand } from './commands/merge.ts';
import { predictCommand } from './commands/predict.ts';
import { runtimeCommand } from './commands/runtime.ts';
import { scriptCommand } from './commands/script.ts';
import { serveModelCommand } from './commands/serve-model.ts';
import { serveCommand } from './commands/serve.ts';
import { tokenizeCommand } from './commands/tokenize.ts';
import { trainCommand } from './commands/train.ts';
import { verifyCommand } from './commands/verify.ts';
import { runProgram } from './command.ts';
import { option } from './options.ts';

const firstSteps = `
First steps:
  graft doctor                                       what this machine has, and what is missing
  graft inspect --data reviews.csv                   what a data file holds
  graft train --config run.json                      train an adapter on it
  graft predict --model M --adapter A --input -      ask the result, a text a line
  graft merge --model M --adapter A --output DIR     one model out of the two, for transformers

Results go to stdout, progress to stderr. Exit status: 0 done, 1 failed or stopped, 2 wrong usage.`;

/** The command line with all its commands. */
function makeProgram(): Command {
  const program = new Command('graft')
    .description(
      'Parameter-efficient fine-tuning of encoders (BERT, RoBERTa, DeBERTa and their like) on your own machine.',
    )
    .version(packageJson.version)
    .addHelpText('after', firstSteps);
  const commands = [
    trainCommand,
    evalCommand,
    predictCommand,
    embedCommand,
    tokenizeCommand,
    mergeCommand,
    exportCommand,
    verifyCommand,
    inspectCommand,
    scriptCommand,
    serveModelCommand,
    serveCommand,
    doctorCommand,
    runtimeCommand,
  ];
  for (const make of commands) {
    const command = make();
    for (const each of [option.json, option.workspace]) command.addOption(each.make()[0]!);
    program.addCommand(command);
  }
  return program;
}

await runProgram(makeProgram());
