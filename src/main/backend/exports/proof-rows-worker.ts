import { workerData } from 'node:worker_threads';
import { answerParent } from '../adapters/in-thread.ts';
import { writeProofRows, type ProofRowsTask } from './proof-rows.ts';

answerParent(writeProofRows(workerData as ProofRowsTask));
