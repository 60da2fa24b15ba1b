import { workerData } from 'node:worker_threads';
import { answerParent } from '../adapters/in-thread.ts';
import { runScriptTask, type ScriptTask } from './write/write-script.ts';

answerParent(runScriptTask(workerData as ScriptTask));
