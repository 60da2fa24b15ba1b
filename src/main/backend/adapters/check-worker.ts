import { workerData } from 'node:worker_threads';
import { checkAdapter, type CheckQuestion } from './check-adapter.ts';
import { answerParent } from './in-thread.ts';

// A thread for one folder: a damaged or hostile file can end it and nothing else.
answerParent(checkAdapter(workerData as CheckQuestion));
