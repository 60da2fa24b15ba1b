import { Fault, type FaultText } from './fault.ts';
import { adaptersFaults } from './adapters.ts';
import { backendFaults } from './backend.ts';
import { cliFaults } from './cli.ts';
import { compareFaults } from './compare.ts';
import { dataFaults } from './data.ts';
import { exportFaults } from './export.ts';
import { exportsFaults } from './exports.ts';
import { filesFaults } from './files.ts';
import { formatsFaults } from './formats.ts';
import { hubFaults } from './hub.ts';
import { modelsFaults } from './models.ts';
import { peftFaults } from './peft.ts';
import { playgroundFaults } from './playground.ts';
import { preflightFaults } from './preflight.ts';
import { runtimeFaults } from './runtime.ts';
import { storeFaults } from './store.ts';
import { tokenizerFaults } from './tokenizer.ts';
import { trainingFaults } from './training.ts';

import { datasetsFaults } from './datasets.ts';
import { experimentsFaults } from './experiments.ts';
import { hostsFaults } from './hosts.ts';
import { scriptsFaults } from './scripts.ts';
export { Fault } from './fault.ts';

/** Every text a person can get, by code `area/what`. One file an area. */
const catalogue = {
  ...adaptersFaults,
  ...backendFaults,
  ...cliFaults,
  ...compareFaults,
  ...dataFaults,
  ...exportFaults,
  ...exportsFaults,
  ...filesFaults,
  ...formatsFaults,
  ...hubFaults,
  ...modelsFaults,
  ...peftFaults,
  ...playgroundFaults,
  ...preflightFaults,
  ...runtimeFaults,
  ...datasetsFaults,
  ...experimentsFaults,
  ...hostsFaults,
  ...scriptsFaults,
  ...storeFaults,
  ...tokenizerFaults,
  ...trainingFaults,
};
type Catalogue = typeof catalogue;
export type FaultCode = keyof Catalogue;

/** Makes the fault `code` with its parameters; `throw fault('files/missing', { file })`. */
export function fault<Code extends FaultCode>(
  code: Code,
  params: Parameters<Catalogue[Code]>[0],
  cause?: unknown,
): Fault {
  const text = catalogue[code] as (p: Parameters<Catalogue[Code]>[0]) => FaultText;
  return new Fault(code, text(params), cause);
}
